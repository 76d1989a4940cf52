//! Reads Rust source as far as the layer rules need it: blanks comments, strings and test items, and lists the paths.
//!
//! It knows tokens, not types: what a macro expands to or a function returns is not seen.

use std::collections::HashMap;

/// The text with comments and the contents of strings and character literals blanked; lines keep their numbers.
pub(crate) fn blank_comments_and_strings(text: &str) -> String {
    let c: Vec<char> = text.chars().collect();
    let mut out = c.clone();
    let at = |i: usize| c.get(i).copied().unwrap_or('\0');
    let mut i = 0;
    while i < c.len() {
        let start = i;
        let word_before = i > 0 && (c[i - 1].is_alphanumeric() || c[i - 1] == '_');
        let hashes = c[i + 1..].iter().take_while(|&&x| x == '#').count();
        match c[i] {
            '/' if at(i + 1) == '/' => {
                while i < c.len() && c[i] != '\n' {
                    i += 1;
                }
            }
            '/' if at(i + 1) == '*' => {
                let mut depth = 0;
                while i < c.len() {
                    match (c[i], at(i + 1)) {
                        ('/', '*') => (depth, i) = (depth + 1, i + 2),
                        ('*', '/') => (depth, i) = (depth - 1, i + 2),
                        _ => i += 1,
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
            'r' if (!word_before || (at(start.wrapping_sub(1)) == 'b')) && at(i + 1 + hashes) == '"' => {
                i += 2 + hashes;
                while i < c.len()
                    && !(c[i] == '"'
                        && c[i + 1..].iter().take(hashes).filter(|&&x| x == '#').count() == hashes)
                {
                    i += 1;
                }
                i += 1 + hashes;
            }
            '"' => {
                i += 1;
                while i < c.len() && c[i] != '"' {
                    i += if c[i] == '\\' { 2 } else { 1 };
                }
                i += 1;
            }
            // a character literal, not a lifetime
            '\'' if at(i + 1) == '\\' || at(i + 2) == '\'' => {
                i += if at(i + 1) == '\\' { 3 } else { 2 };
                while i < c.len() && c[i] != '\'' {
                    i += 1;
                }
                i += 1;
            }
            _ => {
                i += 1;
                continue;
            }
        }
        for x in out.iter_mut().take(i.min(c.len())).skip(start) {
            if *x != '\n' {
                *x = ' ';
            }
        }
    }
    out.into_iter().collect()
}

/// Blanks each item under `#[cfg(test)]` in `code`, which is `text` without its comments and strings; the second part
/// names the modules so declared, by name (`#[cfg(test)] mod x;`) or by file (`#[path = "x_tests.rs"]`).
pub(crate) fn blank_test_items(code: &str, text: &str) -> (String, Vec<String>) {
    let mut out: Vec<char> = code.chars().collect();
    let whole: Vec<char> = text.chars().collect();
    let mut modules = Vec::new();
    let marker: Vec<char> = "#[cfg(test)]".chars().collect();
    let mut i = 0;
    while i + marker.len() <= out.len() {
        if out[i..i + marker.len()] != marker[..] {
            i += 1;
            continue;
        }
        let (start, mut depth) = (i, 0);
        i += marker.len();
        while i < out.len() {
            match out[i] {
                '{' | '(' | '[' => depth += 1,
                '}' | ')' | ']' => depth -= 1,
                _ => {}
            }
            let ends = depth == 0 && matches!(out[i], ';' | '}');
            i += 1;
            if ends {
                break;
            }
        }
        let item: String = out[start..i].iter().collect();
        let after_attributes = item.rsplit(']').next().unwrap_or_default().trim_start();
        if let Some(name) = after_attributes
            .trim_start_matches("pub(super) ")
            .trim_start_matches("pub(crate) ")
            .strip_prefix("mod ")
            .and_then(|m| m.strip_suffix(';'))
        {
            let written: String = whole[start..i].iter().collect();
            let file = written
                .split_once("#[path")
                .and_then(|(_, rest)| rest.split('"').nth(1));
            modules.push(file.unwrap_or(name.trim()).to_owned());
        }
        for x in &mut out[start..i] {
            if *x != '\n' {
                *x = ' ';
            }
        }
    }
    (out.into_iter().collect(), modules)
}

/// Beginnings of the paths of files that only tests compile (`#[cfg(test)] mod x;` in their parent).
pub(crate) fn test_only(sources: &[(String, String)]) -> Vec<String> {
    let of = |(name, text): &(String, String)| {
        let here = name.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let below = match name.strip_suffix("/mod.rs").or(name.strip_suffix("/lib.rs")) {
            Some(folder) => folder.to_owned(),
            None => name.trim_end_matches(".rs").to_owned(),
        };
        let (_, modules) = blank_test_items(&blank_comments_and_strings(text), text);
        modules
            .into_iter()
            .flat_map(move |m| match m.strip_suffix(".rs") {
                Some(_) => vec![format!("{here}/{m}")],
                None => vec![format!("{below}/{m}.rs"), format!("{below}/{m}/")],
            })
    };
    sources.iter().flat_map(of).collect()
}

/// A path as written, the line it starts on, and the name it is bound to if it stands in a `use`.
pub(crate) struct Named {
    pub(crate) line: usize,
    pub(crate) segments: Vec<String>,
    pub(crate) bound_to: Option<String>,
}

/// Words and `::`, other punctuation as single characters, each with its line.
fn tokens(code: &str) -> Vec<(usize, String)> {
    let mut all: Vec<(usize, String)> = Vec::new();
    for (n, line) in code.lines().enumerate() {
        let mut joins = false;
        for ch in line.chars() {
            let word = ch.is_alphanumeric() || ch == '_';
            match all.last_mut() {
                Some((_, t)) if joins && (word && t != ":" && t != "::" || ch == ':' && t == ":") => {
                    t.push(ch);
                }
                _ if !ch.is_whitespace() => all.push((n + 1, ch.to_string())),
                _ => {}
            }
            joins = word || ch == ':';
        }
    }
    all
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Every path of two or more segments, and every leaf of every `use` tree.
pub(crate) fn paths(code: &str) -> Vec<Named> {
    let tokens = tokens(code);
    let text = |i: usize| tokens.get(i).map_or("", |t| t.1.as_str());
    let (mut found, mut i) = (Vec::new(), 0);
    while i < tokens.len() {
        if text(i) == "use" {
            i = use_tree(&tokens, i + 1, &[], &mut found);
        } else if is_word(text(i)) {
            let (line, mut segments) = (tokens[i].0, vec![text(i).to_owned()]);
            while text(i + 1) == "::" && is_word(text(i + 2)) {
                segments.push(text(i + 2).to_owned());
                i += 2;
            }
            if segments.len() > 1 {
                found.push(Named {
                    line,
                    segments,
                    bound_to: None,
                });
            }
            i += 1;
        } else {
            i += 1;
        }
    }
    found
}

fn use_tree(tokens: &[(usize, String)], mut i: usize, prefix: &[String], found: &mut Vec<Named>) -> usize {
    let text = |i: usize| tokens.get(i).map_or("", |t| t.1.as_str());
    let line = tokens.get(i).map_or(0, |t| t.0);
    let mut segments = prefix.to_vec();
    loop {
        match text(i) {
            "::" => i += 1,
            "{" => {
                i += 1;
                while !matches!(text(i), "}" | "") {
                    let next = use_tree(tokens, i, &segments, found);
                    // past the comma, and past anything that is no use tree
                    i = if text(next) == "," || next == i {
                        next + 1
                    } else {
                        next
                    };
                }
                return i + 1;
            }
            "as" => {
                found.push(Named {
                    line,
                    segments,
                    bound_to: Some(text(i + 1).to_owned()),
                });
                return i + 2;
            }
            "self" if !segments.is_empty() => i += 1,
            word if is_word(word) => {
                segments.push(word.to_owned());
                i += 1;
            }
            other => {
                let bound_to = segments.last().filter(|_| other != "*").cloned();
                if !segments.is_empty() {
                    found.push(Named {
                        line,
                        segments,
                        bound_to,
                    });
                }
                return if other == "*" { i + 1 } else { i };
            }
        }
    }
}

/// The module path of a file under `src/`: `src/web/ui/mod.rs` is `[web, ui]`.
pub(crate) fn module_of(file: &str) -> Vec<String> {
    let path = file.trim_start_matches("src/").trim_end_matches(".rs");
    path.split('/')
        .filter(|s| *s != "mod")
        .map(str::to_owned)
        .collect()
}

/// A path as seen from the root of the crate; paths of other crates stay as they are, marked by `false`.
pub(crate) fn resolve(
    segments: &[String],
    module: &[String],
    uses: &HashMap<String, Vec<String>>,
) -> (bool, Vec<String>) {
    let ups = segments.iter().take_while(|s| *s == "super").count();
    let first = segments[0].as_str();
    if first == "crate" || first == "rollcall" {
        return (true, segments[1..].to_vec());
    }
    if ups > 0 || first == "self" {
        let root = &module[..module.len().saturating_sub(ups)];
        return (true, [root, &segments[ups.max(1)..]].concat());
    }
    match uses.get(first) {
        Some(full) if full[0] != first => {
            let (ours, head) = resolve(full, module, &HashMap::new());
            (ours, [&head[..], &segments[1..]].concat())
        }
        _ => (false, segments.to_vec()),
    }
}
