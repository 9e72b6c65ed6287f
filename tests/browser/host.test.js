// SPDX-License-Identifier: MIT
// host.test.js - a PHP page and a Perl script give Chromium private updates.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { helper, launch, source, start, stateBecomes, updates, visit,
	waitUntil } from "./support.js";

const pages = [
	["PHP", "app/example.php", "https://example.com/php"],
	["Perl", "app/example.cgi", "https://example.com/perl"],
];
const marker = "https://example.com/marker";

// An EventSource on the hub in a page without the cookie; what it receives
// is kept in the page.
async function listen(page, topics) {
	await page.evaluate((names) => new Promise((resolve) => {
		const url = new URL("/.well-known/mercure", location.href);

		for (const name of names)
			url.searchParams.append("topic", name);
		globalThis.received = [];
		const events = new EventSource(url);
		events.onopen = resolve;
		events.onmessage = ({ data }) => received.push(data);
	}), topics);
}

const received = (page) => page.evaluate(() => globalThis.received);

for (const server of ["lighttpd", "apache"]) {
	describe(`host applications under ${server}`, () => {
		let browser, site, facts;

		before(async () => {
			site = start("perl", [join(source, "tests", "servers",
				"site.pl"), server]);
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

		for (const [name, path, topic] of pages) {
			it(`${name}: a private update of its own`, async () => {
				const page = await visit(browser, facts.url + path);
				const stranger = await visit(browser, facts.url);

				await stateBecomes(page, "connected");
				const [cookie] = await page.context().cookies(
					`${facts.url}.well-known/mercure`);
				assert.equal(cookie.name, "mercureAuthorization");
				assert.ok(cookie.httpOnly);
				await listen(stranger, [topic, marker]);
				assert.deepEqual(await stranger.context()
					.cookies(), []);

				const text = `from ${name}, <i>caf\u00e9</i> & more`;
				await page.fill("[name=data]", text);
				await page.click("#publish button");
				await waitUntil("the page shows it", async () =>
					(await updates(page)).length);
				assert.deepEqual(await updates(page), [text]);

				await helper(facts.config, "publish", marker, "end");
				await waitUntil("the marker has come", async () =>
					(await received(stranger)).includes("end"));
				assert.deepEqual(await received(stranger), ["end"]);
				await page.context().close();
				await stranger.context().close();
			});
		}
	});
}
