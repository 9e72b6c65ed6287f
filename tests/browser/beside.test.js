// SPDX-License-Identifier: MIT
// beside.test.js - Chromium at pages of Apache, with the hub behind lighttpd.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { helper, launch, source, start, stateBecomes, updates,
	visit as visitAs, waitUntil } from "./support.js";

const topic = "https://example.com/private";
const marker = "https://example.com/marker";

for (const [name, hubHost, more, query] of [
	["another port", "www.example.com", [], ""],
	["another host name", "hub.example.com",
		["MERCURE_COOKIE_DOMAIN=example.com"], "&domain=example.com"],
	["another host name, without MERCURE_COOKIE_DOMAIN", "hub.example.com",
		[], ""],
]) {
	const shared = hubHost === "www.example.com" || more.length > 0;

	describe(`lighttpd beside Apache: ${name}`, () => {
		let browser, site, facts;

		before(async () => {
			site = start("perl", [join(source, "tests", "servers",
				"beside.pl"), "www.example.com", hubHost,
				"MERCURE_SESSION_COOKIE=PHPSESSID",
				"MERCURE_RETRY=100", ...more]);
			facts = await waitUntil("the servers are ready", () => {
				assert.ok(!site.exited, site.errors);
				const line = /^READY (.*)$/m.exec(site.output);
				return line && JSON.parse(line[1]);
			});
			// Also for workers, unlike Playwright's option.
			browser = await launch({ args: ["--ignore-certificate-errors",
				"--host-resolver-rules="
				+ "MAP *.example.com 127.0.0.1"] });
		});

		after(async () => {
			await browser?.close();
			await site?.stop();
		});

		async function visit(way) {
			const page = await visitAs(browser,
				`${facts.url}?${way}${query}`);

			await stateBecomes(page, "connected");
			return page;
		}

		async function shown(page, text) {
			await waitUntil(`the page shows ${text}`, async () =>
				(await updates(page)).includes(text));
			return updates(page);
		}

		for (const script of ["EventSource", "pushcgi.js"]) {
			for (const by of ["cookie", "session", "nothing"]) {
				const may = shared && by !== "nothing";

				it(`${script}, by ${by}`, async () => {
					const page = await visit(
						`script=${script}&by=${by}`);

					// By the program, as PHP in Apache does.
					await helper(facts.config, "publish",
						"--private", topic, "private");
					await helper(facts.config, "publish",
						marker, "end");
					assert.deepEqual(await shown(page, "end"),
						may ? ["private", "end"] : ["end"]);
					await page.context().close();
				});
			}
		}

		it("a page of Apache publishes to another", async () => {
			const page = await visit("script=EventSource&by=cookie");
			const other = await page.context().newPage();

			await other.goto(`${facts.url}?script=EventSource`
				+ `&by=nothing&publish=hello${query}`);
			await helper(facts.config, "publish", marker, "end");
			assert.deepEqual(await shown(page, "end"),
				shared ? ["hello", "end"] : ["end"]);
			await page.context().close();
		});
	});
}
