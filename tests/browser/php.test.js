// SPDX-License-Identifier: MIT
// php.test.js - Chromium at a PHP site with a login: the cookie, the session.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { helper, launch, source, start, stateBecomes, updates, visit,
	waitUntil } from "./support.js";

const topic = "https://example.com/private";
const marker = "https://example.com/marker";

// Rights of pages end after this time here, whatever is open.
const LIFETIME_S = 12;

describe("a PHP page that stays open", () => {
	let browser, site, facts;

	before(async () => {
		site = start("perl", [join(source, "tests", "servers", "site.pl"),
			"lighttpd", "fpm", "MERCURE_RETRY=100",
			"MERCURE_SESSION_COOKIE=PHPSESSID",
			`MERCURE_SESSION_LIFETIME=${LIFETIME_S}`,
			"MERCURE_SESSION_MAX_EXTENSION=0"]);
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

	const publish = (...args) => helper(facts.config, "publish", ...args);
	const shows = (page, text) => waitUntil(`the page shows ${text}`,
		async () => (await updates(page)).includes(text));

	for (const by of ["cookie", "session"])
		it(`keeps its rights by a ${by}, until the visitor logs out`,
			async () => {
			const address = (query) =>
				`${facts.url}app/login.php?by=${by}&lifetime=${
					LIFETIME_S}&${query}`;
			const login = await visit(browser, address("do=login"));
			const page = await login.context().newPage();

			await login.close();
			await page.goto(address("do=show&tag=1"));
			await stateBecomes(page, "connected");
			await publish("--private", `${topic}/one`, "1");
			await shows(page, "1");
			const end = Date.now() + 1000 * (LIFETIME_S + 2);
			await waitUntil("its first rights have ended",
				() => Date.now() > end);
			await publish("--private", `${topic}/one`, "2");
			await shows(page, "2");
			assert.ok(!(await updates(page)).includes("close"));
			assert.ok(!(await updates(page)).includes("anonymous"));

			const other = await page.context().newPage();
			await other.goto(address("do=logout"));
			await other.close();
			// A token that was given counts until it ends.
			const told = by === "cookie" ? /close|anonymous/ : /anonymous/;
			await waitUntil("the page knows it", async () =>
				(await updates(page)).some((text) => told.test(text)));
			await publish("--private", `${topic}/one`, "secret");
			await publish(marker, "end");
			if (!(await updates(page)).includes("close"))
				await shows(page, "end");
			assert.ok(!(await updates(page)).includes("secret"));
			await page.context().close();
		});
});

for (const server of ["lighttpd", "apache"]) {
	describe(`a PHP site with a login: PHP-FPM, ${server}`, () => {
		let browser, site, facts;

		before(async () => {
			site = start("perl", [join(source, "tests", "servers",
				"site.pl"), server, "fpm", "MERCURE_RETRY=100",
				"MERCURE_SESSION_COOKIE=PHPSESSID"]);
			facts = await waitUntil(`${server} is ready`, () => {
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

		const address = (query) => `${facts.url}app/login.php?${query}`;
		const publish = (...args) =>
			helper(facts.config, "publish", ...args);
		const privately = (name, text) =>
			publish("--private", `${topic}/${name}`, text);

		// Another tab of the same visitor asks for the page.
		async function otherTab(page, query) {
			const tab = await page.context().newPage();

			await tab.goto(address(query));
			await tab.close();
		}

		// Until the page shows this; returns all it shows.
		async function shown(page, text) {
			await waitUntil(`the page shows ${text}`, async () =>
				(await updates(page)).includes(text));
			return updates(page);
		}

		it("two widgets, one cookie", async () => {
			const page = await visit(browser,
				address("do=login&by=cookie"));

			await stateBecomes(page, "connected");
			const cookies = (await page.context().cookies(
				`${facts.url}.well-known/mercure`)).map((c) => c.name);
			assert.deepEqual(cookies.filter((name) =>
				name === "mercureAuthorization").length, 1);
			await privately("one", "1");
			await privately("two", "2");
			assert.deepEqual(await shown(page, "2"), ["1", "2"]);
			await page.context().close();
		});

		it("a session, until the visitor logs out", async () => {
			const page = await visit(browser,
				address("do=login&by=session"));
			const stranger = await visit(browser, address("do=show"));

			await stateBecomes(page, "connected");
			await stateBecomes(stranger, "connected");
			assert.ok(!(await page.context().cookies(
				`${facts.url}.well-known/mercure`)).some((c) =>
				c.name === "mercureAuthorization"));
			await privately("one", "1");
			await privately("two", "2");
			assert.deepEqual(await shown(page, "2"), ["1", "2"]);

			// Another id for the same session: the stream goes on.
			await otherTab(page, "do=regenerate&by=session");
			await privately("one", "3");
			assert.deepEqual(await shown(page, "3"), ["1", "2", "3"]);

			await otherTab(page, "do=logout&by=session");
			await privately("one", "secret");
			await publish(marker, "end");
			assert.deepEqual(await shown(page, "end"),
				["1", "2", "3", "end"]);
			assert.deepEqual(await shown(stranger, "end"), ["end"]);
			await page.context().close();
			await stranger.context().close();
		});
	});
}
