// A SCIM 2.0 peer built on scimmy + scimmy-routers: in memory, loopback only.
// env: PORT (18081), TOKEN (tok123), MODULES (folder whose node_modules to use, this one)
import crypto from "node:crypto";
import path from "node:path";
import { createRequire } from "node:module";

const require = createRequire(process.env.MODULES ? path.join(process.env.MODULES, "server.mjs") : import.meta.url);
const load = (name) => { const found = require(name); return found.default ?? found; };
const [express, SCIMMY, SCIMMYRouters] = ["express", "scimmy", "scimmy-routers"].map(load);
const port = Number(process.env.PORT || 18081);
const token = process.env.TOKEN || "tok123";
const stores = { User: new Map(), Group: new Map() };
const plain = (x) => JSON.parse(JSON.stringify(x));

function declare(Resource, kind, key) {
  const store = stores[kind];
  SCIMMY.Resources.declare(Resource)
    .egress((resource) => {
      if (resource.id) {
        const found = store.get(resource.id);
        if (!found) throw new SCIMMY.Types.Error(404, null, `Resource ${resource.id} not found`);
        return found;
      }
      const all = [...store.values()];
      return resource.filter ? resource.filter.match(all) : all;
    })
    .ingress((resource, data) => {
      const body = plain(data);
      const id = resource.id ?? crypto.randomUUID();
      if (resource.id && !store.has(id)) throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
      for (const [other, row] of store) {
        if (other !== id && key && row[key]?.toLowerCase() === body[key]?.toLowerCase())
          throw new SCIMMY.Types.Error(409, "uniqueness", `${key} is taken`);
      }
      const now = new Date().toISOString();
      const created = store.get(id)?.meta?.created ?? now;
      const row = { ...body, id, meta: { created, lastModified: now } };
      store.set(id, row);
      return row;
    })
    .degress((resource) => {
      if (!store.delete(resource.id)) throw new SCIMMY.Types.Error(404, null, `Resource ${resource.id} not found`);
    });
}
SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser);
declare(SCIMMY.Resources.User, "User", "userName");
declare(SCIMMY.Resources.Group, "Group", "displayName");

const app = express();
app.use("/scim/v2", new SCIMMYRouters({
  type: "bearer",
  handler: (req) => {
    if (req.header("Authorization") !== `Bearer ${token}`) throw new Error("bad token");
    return "tester";
  },
}));
app.listen(port, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${port}/scim/v2 pid ${process.pid}`));
