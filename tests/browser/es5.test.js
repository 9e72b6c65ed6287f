// SPDX-License-Identifier: MIT
// es5.test.js - both scripts are ECMAScript 5, so that old browsers read on.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { it } from "node:test";
import { parse } from "acorn";
import { source } from "./support.js";

const isES5 = (text) => parse(text, { ecmaVersion: 5 }).type === "Program";

for (const name of ["pushcgi.js", "pushcgi-more.js"])
	it(`${name} is ECMAScript 5`, async () => {
		const script = await readFile(join(source, "templates", "js",
			name), "utf8");

		assert.ok(isES5(script));
		assert.throws(() => isES5(`${script}\n() => 1;\n`),
			SyntaxError);
	});
