// SPDX-License-Identifier: MIT
// fronts.test.js - Chromium behind each front end, live and across a reload.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { engine, helper, launch, source, start, waitUntil }
	from "./support.js";

const topic = "https://example.com/front";

// What the README says of each front end: whether streams stay or resume.
function atReload(readme) {
	const [, head, row] = /^\| +(\| apache-cgi .*)\n[^]*?^\| streams at a reload of the server(.*)$/m
		.exec(readme);
	const cells = (line) => line.split("|").map((s) => s.trim())
		.filter((s) => s);
	const found = cells(row);

	return cells(head).map((name, i) => [name, found[i]]);
}

// A page with an EventSource; what it receives is kept in the page.
async function listen(browser, url) {
	const context = await browser.newContext({ ignoreHTTPSErrors: true });
	const page = await context.newPage();

	await page.goto(url);
	await page.evaluate((name) => new Promise((resolve) => {
		const hub = new URL("/.well-known/mercure", location.href);

		hub.searchParams.append("topic", name);
		globalThis.received = [];
		globalThis.opened = 0;
		globalThis.source = new EventSource(hub);
		source.onopen = () => {
			opened++;
			resolve();
		};
		source.onmessage = ({ data }) => received.push(data);
	}), topic);
	return page;
}

const received = (page) => page.evaluate(() => globalThis.received);
const opened = (page) => page.evaluate(() => globalThis.opened);

const protocolOf = (page) => page.evaluate(() =>
	performance.getEntriesByType("navigation")[0].nextHopProtocol);

const fronts = atReload(await readFile(
	join(source, "templates/servers/README.md"), "utf8"));

// At a reload, lighttpd tells HTTP/2 connections to go away.  libsoup before 3.7.1
// (issue 514) never says then that a stream has ended, so that WebKitGTK waits
// forever.
const losesStreams = (name) => engine === "webkit" && /^lighttpd/.test(name);

// Some at once: most of the time they wait for a server's reload.
describe("Chromium behind every front end", { concurrency: 3 }, () => {
	let browser;

	before(async () => { browser = await launch(); });
	after(async () => { await browser?.close(); });

	it("there are seven", () => { assert.equal(fronts.length, 7); });

	for (const [name, atReload] of fronts) {
		it(`${name}: live, and streams ${atReload} at a reload`, async () => {
			const site = start("perl", [join(source, "tests", "servers",
				"front.pl"), name]);
			const said = (what) => waitUntil(`${name}: ${what.source}`,
				() => {
					assert.ok(!site.exited, site.errors);
					return what.exec(site.output);
				});

			const pages = [];

			try {
				const [, json] = await said(/^READY (.*)$/m);
				const { urls, config } = JSON.parse(json);
				pages.push(...await Promise.all(urls.map((url) =>
					listen(browser, url))));
				const all = (what, condition) => Promise.all(pages.map(
					(page) => waitUntil(`${name}: ${what}`,
						() => condition(page))));
				const haveReceived = (n) => all(`${n} received`,
					async (page) => (await received(page)).length >= n);

				// Each arrives before the next one is published.
				for (const n of [1, 2, 3]) {
					await helper(config, "publish", topic, `${n}`);
					await haveReceived(n);
				}
				assert.deepEqual(await Promise.all(
					pages.map(protocolOf)), ["http/1.1", "h2"]);
				if (losesStreams(name))
					await pages.pop().context().close();
				site.child.stdin.write("reload\n");
				await said(/^SIGNALLED$/m);
				await helper(config, "publish", topic, "4");
				await said(/^RELOADED$/m);
				if (atReload === "resume")
					await all("opened again", async (page) =>
						(await opened(page)) > 1);
				await helper(config, "publish", topic, "5");
				await haveReceived(5);
				for (const page of pages) {
					assert.deepEqual(await received(page),
						["1", "2", "3", "4", "5"]);
					assert.equal(await opened(page),
						atReload === "stay" ? 1 : 2);
				}
			} finally {
				await Promise.all(pages.map((page) =>
					page.context().close()));
				site.child.stdin.end();
				await waitUntil(`${name} ends`, () => site.exited);
			}
		});
	}
});
