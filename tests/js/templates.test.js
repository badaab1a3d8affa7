import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { ACTIONS } from "../../static/js/protocol.js";

const ROOT = new URL("../../", import.meta.url);

const read = (path) => readFileSync(new URL(path, ROOT), "utf8");
const listFiles = (folder, ending) => readdirSync(new URL(folder, ROOT), { recursive: true })
  .filter((name) => name.endsWith(ending)).map((name) => `${folder}/${name}`);

/** The ids that a script and everything it imports ask for. */
function collectIds(script, seen = new Set()) {
  if (seen.has(script)) return [];
  seen.add(script);
  const source = read(`static/js/${script}`);
  const asked = [...source.matchAll(/requireElement\("([^"]+)"/g)].map(([, id]) => id);
  const imported = [...source.matchAll(/^.* from "\.\/([^"]+)";$/gm)].map(([, name]) => name);
  return [...asked, ...imported.flatMap((name) => collectIds(name, seen))];
}

for (const [template, script] of [["landing", "landing_page.js"], ["verification/capture", "capture_page.js"]]) {
  test(`${template}.html holds every element that ${script} asks for`, () => {
    const markup = read(`templates/${template}.html`);
    const ids = collectIds(script);
    assert.ok(ids.length > 3);
    for (const id of ids) {
      assert.ok(markup.includes(`id="${id}"`) || markup.includes(`with id="${id}"`), `#${id} is missing`);
    }
  });
}

test("templates obey the content security policy: no inline script, style or event attribute", () => {
  for (const path of listFiles("templates", ".html").filter((name) => !name.includes("/admin/"))) {
    const markup = read(path);
    assert.doesNotMatch(markup, /<style|\sstyle=|\son[a-z]+=|javascript:/i, path);
    assert.doesNotMatch(markup, /<script(?![^>]*\ssrc=)/i, path);
    assert.doesNotMatch(markup, /<script(?![^>]*\snonce="{{ request.csp_nonce }}")/i, path);
    assert.doesNotMatch(markup, /(?:src|href)="(?:https?:)?\/\//i, path);
  }
});

test("scripts and styles name no other host", () => {
  for (const path of [...listFiles("static", ".js"), ...listFiles("static", ".css")]) {
    assert.doesNotMatch(read(path), /https?:\/\/(?!www\.w3\.org\/)[a-z]|@import|\beval\(/i, path);
  }
});

test("the capture page's scripts write text, never markup", () => {
  for (const path of listFiles("static/js", ".js")) assert.doesNotMatch(read(path), /innerHTML|insertAdjacentHTML/, path);
});

test("every action has a picture of its motion", () => {
  const styles = read("static/css/pictogram.css");
  for (const action of ACTIONS) {
    if (action !== "look_straight") assert.ok(styles.includes(`[data-action="${action}"]`), action);
  }
});

test("the lockfile names no registry", () => {
  assert.doesNotMatch(read("package-lock.json"), /"resolved"/);
});
