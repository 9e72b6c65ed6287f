// SPDX-License-Identifier: MIT
// jspage.js - pages with pushcgi.js, and what they were told.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DEADLINE_MS, helper, source, start, waitUntil } from "./support.js";

// A site of `server`; KEY=value settings are its hub's.
export async function startSite(server, ...settings) {
	const site = start("perl", [join(source, "tests", "servers", "site.pl"),
		server, ...settings]);
	const facts = await waitUntil(`${server} is ready`, () => {
		assert.ok(!site.exited, site.errors);
		const line = /^READY (.*)$/m.exec(site.output);
		return line && JSON.parse(line[1]);
	});

	return {
		...facts,
		stop: () => site.stop(),
		publish: (...args) => helper(facts.config, "publish", ...args),
		// How many streams the hub holds, all topics together.
		streams: async () => new Set((await helper(facts.config,
			"subscriptions", "--json").then(JSON.parse)).subscriptions
			.map(({ subscriber }) => subscriber)).size,
	};
}

const escaped = (text) => text.replace(/&/g, "&amp;")
	.replace(/"/g, "&quot;").replace(/</g, "&lt;");

// A page with the script and these attributes, and more HTML.
export function pageWith(attributes, more = "", kind = "") {
	const text = Object.entries(attributes).map(([key, value]) =>
		`data-${key}="${escaped(typeof value === "string" ? value
			: JSON.stringify(value))}"`).join(" ");

	return `<!DOCTYPE html><title>x</title>
<script>
if (location.hash.startsWith("#init="))
	(0, eval)(decodeURIComponent(location.hash.slice(6)));
var got = [], told = [], warned = [], warn = console.warn;
console.warn = function (text) {
	warned.push(text);
	warn.call(console, text);
};
["open", "gap", "retry", "close", "held", "rights", "anonymous", "here",
	"join", "leave", "count"].forEach(function (kind) {
	document.addEventListener("pushcgi:" + kind, function (event) {
		told.push([kind, event.detail]);
	});
});
document.addEventListener("pushcgi:update", function (event) {
	got.push(event.detail);
});
</script>
<script ${kind} src="/app/pushcgi.js" ${text}></script>
${more}
`;
}

// Write it; returns its path.
export async function writePage(site, name, attributes, ...more) {
	await writeFile(join(site.folder, name), pageWith(attributes, ...more));
	return name;
}

export async function openTab(context, url) {
	const page = await context.newPage();

	page.setDefaultTimeout(DEADLINE_MS);
	await page.goto(url);
	return page;
}

export const got = (page) => page.evaluate(() => got.map(({ data }) => data));
export const warnings = (page) => page.evaluate(() => warned);
export const told = (page, kind) => page.evaluate((wanted) => told
	.filter(([name]) => name === wanted).map(([, detail]) => detail), kind);

export const isOpen = (page) => waitUntil("the stream is open", async () =>
	(await told(page, "open")).length);
export const has = (page, data) => waitUntil(`${data} has come`, async () =>
	(await got(page)).includes(data));
