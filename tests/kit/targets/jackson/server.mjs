// A SCIM target made of @boxyhq/saml-jackson's directory sync, in memory, loopback only.
// A real product's server that is far from the RFC: no discovery endpoints, no meta, DELETE answers 200,
// errors without status. Prints one line of JSON: {"base": ..., "token": ...}.
// env: PORT (18084), TYPE (okta-scim-v2 | azure-scim-v2 | generic-scim-v2 | onelogin-scim-v2 | jumpcloud-scim-v2),
// MODULES (folder whose node_modules to use, this one), EVENTS (if set, each directory event goes to stderr)
import http from "node:http";
import path from "node:path";
import { createRequire } from "node:module";

const require = createRequire(process.env.MODULES ? path.join(process.env.MODULES, "server.mjs") : import.meta.url);
const jackson = require("@boxyhq/saml-jackson").default;
const port = Number(process.env.PORT || 18084);
const root = "/api/scim/v2.0";
const { directorySyncController: sync } = await jackson({
  externalUrl: `http://127.0.0.1:${port}`, samlAudience: "https://sp.example.com", samlPath: "/acs", acsUrl: "https://sp.example.com/acs",
  scimPath: root, db: { engine: "mem" }, clientSecretVerifier: "only-for-tests", noAnalytics: true,
});
const { data, error } = await sync.directories.create({ tenant: "t", product: "p", name: "target", type: process.env.TYPE || "okta-scim-v2" });
if (error) throw new Error(error.message);

http.createServer(async (req, res) => {
  let raw = "";
  for await (const part of req) raw += part;
  const url = new URL(req.url, "http://x");
  const [directoryId, kind = "", resourceId] = url.pathname.slice(root.length + 1).split("/");
  const q = url.searchParams;
  const num = (k) => (q.get(k) ? Number(q.get(k)) : undefined);
  let body;
  try { body = raw ? JSON.parse(raw) : undefined; } catch { res.writeHead(400).end(); return; }
  let r;
  try { r = await sync.requests.handle({
    method: req.method, body, directoryId, resourceType: kind.toLowerCase(), resourceId,
    apiSecret: (req.headers.authorization || "").replace(/^Bearer /, ""),
    query: { count: num("count"), startIndex: num("startIndex"), filter: q.get("filter") ?? undefined },
  }, async (event) => { if (process.env.EVENTS) console.error(JSON.stringify(event)); });
  } catch (e) { r = { status: 500, data: { detail: String(e.message || e) } }; }   // the package throws on some PATCH and filter shapes
  res.writeHead(r.status, { "content-type": "application/scim+json" });
  res.end(r.data ? JSON.stringify(r.data) : "");
}).listen(port, "127.0.0.1", () => console.log(JSON.stringify({ base: data.scim.endpoint, token: data.scim.secret })));
