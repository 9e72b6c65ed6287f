// SPDX-License-Identifier: MIT
// perl.test.js - pages of every Perl engine give Chromium private updates.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { helper, launch, source, start, stateBecomes, updates, visit,
	waitUntil } from "./support.js";

const engines = ["cgi", "tt", "html_template", "mason", "psgi", "starman",
	"registry", "handler", "mason_apache"];

describe("pages of Perl engines", () => {
	let browser, site, facts;

	before(async () => {
		site = start("perl", [join(source, "tests", "servers",
			"perl_site.pl")]);
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

	it("are all there", () => {
		assert.deepEqual(facts.pages.map(({ name }) => name),
			[...engines, "session"]);
	});

	for (const name of engines) {
		it(`${name}: private updates arrive, and only the page's`, async () => {
			const at = (wanted) => facts.pages.find((page) =>
				page.name === wanted);
			const { path, topic } = at(name);
			const other = at(name === "cgi" ? "tt" : "cgi").topic;
			const page = await visit(browser, facts.url + path);
			const publish = (to, text) => helper(facts.config,
				"publish", "--private", to, text);

			await stateBecomes(page, "connected");
			// Nothing of the topic has become part of the page.
			assert.equal(await page.locator("script:not("
				+ "[src$='pushcgi-more.js'])").count(),
				name.startsWith("mason") ? 3 : 2);
			assert.equal(await page.title(), "page");
			await publish(other, "not for this page");
			await publish(topic, "<i>by the program</i>");
			await page.evaluate((text) => fetch("", { method: "POST",
				body: new URLSearchParams({ data: text }) }),
			`by ${name}, caf\u00e9`);
			await waitUntil("both have come", async () =>
				(await updates(page)).length >= 2);
			assert.deepEqual(await updates(page),
				["<i>by the program</i>", `by ${name}, caf\u00e9`]);
			await page.context().close();
		});
	}

	it("a session: without another cookie, and over a login", async () => {
		const { path, topic } = facts.pages.at(-1);
		const page = await visit(browser, facts.url + path);
		const publish = (text) => helper(facts.config, "publish",
			"--private", topic, text);
		const session = async () => {
			const cookies = await page.context().cookies();

			assert.deepEqual(cookies.map(({ name }) => name),
				["CGISESSID"]);
			return cookies[0].value;
		};

		await stateBecomes(page, "connected");
		const before = await session();
		await publish("one");
		await waitUntil("it has come", async () =>
			(await updates(page)).length >= 1);
		await page.evaluate(() => fetch("", { method: "POST" }));
		assert.notEqual(await session(), before);
		await publish("two");
		await waitUntil("the next has come", async () =>
			(await updates(page)).length >= 2);
		assert.deepEqual(await updates(page), ["one", "two"]);
		await page.context().close();
	});
});
