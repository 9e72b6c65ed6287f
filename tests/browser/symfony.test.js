// SPDX-License-Identifier: MIT
// symfony.test.js - Chromium gets what a page with symfony/mercure allows it.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { hubPath, startSite } from "./clientsite.js";
import { launch, stateBecomes, updates, visit, waitUntil } from "./support.js";

describe("a page with symfony/mercure", () => {
	let browser, site;

	before(async () => {
		site = await startSite();
		browser = await launch();
	});
	after(async () => {
		await browser?.close();
		await site?.stop();
	});

	// Publish as the site does: by symfony/mercure over HTTP.
	const publish = (fields) => fetch(`${site.url}app/symfony.php`,
		{ method: "POST", body: new URLSearchParams(fields) });

	it("gets a private update by its cookie", async () => {
		const page = await visit(browser, `${site.url}app/symfony.php`);
		const [cookie] = await page.context().cookies(site.url + hubPath
			.slice(1));

		assert.equal(cookie.name, "mercureAuthorization");
		assert.ok(cookie.httpOnly);
		assert.equal(await page.evaluate(() => document.cookie), "");
		await stateBecomes(page, "connected");
		assert.equal((await publish({ data: "secret", private: "1" }))
			.status, 200);
		await publish({ data: "public" });
		await waitUntil("the page shows both", async () =>
			(await updates(page)).length === 2);
		assert.deepEqual(await updates(page), ["public", "secret"]);
		await page.context().close();
	});

	it("keeps it from who has no cookie", async () => {
		const page = await visit(browser, site.url);

		await page.evaluate((url) => new Promise((resolve) => {
			globalThis.received = [];
			const events = new EventSource(url);
			events.onopen = resolve;
			events.onmessage = ({ data }) => received.push(data);
		}), `${hubPath}?topic=https://example.com/users/42`);
		await publish({ data: "secret", private: "1" });
		await publish({ data: "public" });
		await waitUntil("what is public has come", () =>
			page.evaluate(() => received.includes("public")));
		assert.deepEqual(await page.evaluate(() => received),
			["public"]);
		await page.context().close();
	});
});
