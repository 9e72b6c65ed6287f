// SPDX-License-Identifier: MIT
// ssi.test.js - a page of Apache's SSI gives Chromium private updates.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { helper, launch, source, start, stateBecomes, updates,
	waitUntil } from "./support.js";

describe("a page of server-side includes", () => {
	let browser, site, facts;

	before(async () => {
		site = start("perl", [join(source, "tests", "servers",
			"ssi_site.pl")]);
		facts = await waitUntil("the site is ready", () => {
			assert.ok(!site.exited, site.errors);
			const line = /^READY (.*)$/m.exec(site.output);
			return line && JSON.parse(line[1]);
		});
		browser = await launch();
	});

	after(async () => {
		await browser?.close();
		await site?.stop();
	});

	it("shows what is for everybody, and for its visitor", async () => {
		const { username, password } = facts;
		const context = await browser.newContext({
			httpCredentials: { username, password } });
		const page = await context.newPage();
		const publish = (...args) => helper(facts.config, "publish",
			...args);

		await page.goto(`${facts.url}/page.shtml`);
		const [cookie] = await context.cookies(
			`${facts.url}/.well-known/mercure`);
		assert.equal(cookie.name, "mercureAuthorization");
		assert.ok(cookie.httpOnly);
		// Between the page and its stream nothing is lost, either.
		await publish("https://example.com/news", "<b>news</b>");
		await stateBecomes(page, "connected");
		await publish("--private", "https://example.com/users/bob", "no");
		await publish("--private", "https://example.com/users/alice",
			"only for Alice");
		await waitUntil("both have come", async () =>
			(await updates(page)).length >= 2);
		assert.deepEqual(await updates(page),
			["<b>news</b>", "only for Alice"]);
		await context.close();
	});
});
