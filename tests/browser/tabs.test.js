// SPDX-License-Identifier: MIT
// tabs.test.js - the tabs of a site share one stream, and miss nothing.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { got, has, isOpen, openTab, startSite, told, writePage }
	from "./jspage.js";
import { launch, waitUntil } from "./support.js";

const topic = "https://example.com/tabs";
const other = "https://example.com/others";

// With a worker, and where browsers have none.
const ways = [["lighttpd", "a worker"], ["apache", "an elected tab"]];

const numbers = (first, last) => Array.from({ length: last - first + 1 },
	(_, i) => `${first + i}`);

for (const [server, way] of ways) {
	describe(`tabs with ${way}, behind ${server}`, () => {
		let browser, site;

		before(async () => {
			site = await startSite(server);
			browser = await launch();
		});
		after(async () => {
			await browser?.close();
			await site?.stop();
		});

		async function visitor() {
			const context = await browser.newContext();

			if (way !== "a worker")
				await context.addInitScript(() => {
					delete globalThis.SharedWorker;
				});
			return context;
		}

		async function openTabs(context, url, n) {
			const tabs = [];

			for (let i = 0; i < n; i++)
				tabs.push(await openTab(context, url));
			await Promise.all(tabs.map(isOpen));
			return tabs;
		}

		const holdsOne = () => waitUntil("the hub has one stream",
			async () => await site.streams() === 1);

		// Publish first to last, one after the other, while `act` goes on.
		async function publishing(first, last, act) {
			const all = (async () => {
				for (const n of numbers(first, last)) {
					await site.publish(other, "x");
					await site.publish(topic, n);
				}
			})();

			await act();
			await all;
		}

		// Each has got these, all of them once and in order.
		async function exact(tabs, first, last) {
			for (const tab of tabs) {
				await has(tab, `${last}`);
				assert.deepEqual(await got(tab),
					numbers(first, last));
			}
		}

		it("six hold one stream, and a seventh loads", async () => {
			const context = await visitor();
			const url = await writePage(site, "six.html",
				{ topics: [topic] });
			const tabs = await openTabs(context, url, 6);

			await holdsOne();
			tabs.push(await openTab(context, `${url}?seventh`));
			assert.equal(await tabs[6].evaluate(() => performance
				.getEntriesByType("navigation")[0]
				.nextHopProtocol), "http/1.1");
			await isOpen(tabs[6]);
			await holdsOne();
			await publishing(1, 3, () => {});
			await exact(tabs, 1, 3);
			await context.close();
		});

		it("nothing is lost when tabs are closed and crash", async () => {
			const context = await visitor();
			const url = await writePage(site, "end.html",
				{ topics: [topic] });
			const tabs = await openTabs(context, url, 6);

			// The first one leads, or has started the worker.
			await publishing(1, 40, async () => {
				await has(tabs[0], "3");
				await tabs[0].close();
				await has(tabs[1], "10");
				tabs[1].goto("chrome://crash").catch(() => {});
				await has(tabs[2], "20");
				await tabs[2].close();
			});
			await exact(tabs.slice(3), 1, 40);
			await holdsOne();
			await context.close();
		});

		it("a tab that joins gets what is behind its last event id",
			async () => {
			const context = await visitor();
			const topics = [topic, "https://example.com/{more}"];
			const url = await writePage(site, "first.html", { topics });
			const [first] = await openTabs(context, url, 1);
			let joined = [];

			await publishing(1, 20, async () => {
				for (const n of [5, 10]) {
					await has(first, `${n}`);
					const [{ lastEventId }] = (await first.evaluate(
						() => got)).filter(({ data }) =>
						data === `${n}`);
					joined.push([n, await openTab(context,
						await writePage(site, `at${n}.html`, { topics,
							"last-event-id": lastEventId }))]);
				}
			});
			for (const [n, tab] of joined) {
				await has(tab, "20");
				assert.deepEqual((await got(tab))
					.filter((data) => data !== "x"),
				numbers(n + 1, 20));
			}
			await context.close();
		});
	});
}
