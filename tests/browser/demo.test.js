// SPDX-License-Identifier: MIT
// demo.test.js - the demo page of ./quickstart, in Chromium.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { helper, launch, shell, start, startQuickstart, stateBecomes,
	updates, visit, waitUntil } from "./support.js";

let browser, quickstart, dir, facts, pasted;
let restarted = [];

const publish = (data) => helper(facts.CONF, "publish", facts.TOPIC, data);

const hubPid = async () =>
	Number(await readFile(join(dir, "hub.pid"), "utf8"));

async function killHub() {
	process.kill(await hubPid(), "SIGKILL");
}

async function restartHub() {
	const command = await readFile(join(dir, "hub.cmd"), "utf8");
	const hub = start("bash", ["-c", command], { stdio: "ignore" });

	restarted.push(hub);
	await writeFile(join(dir, "hub.pid"), `${hub.child.pid}\n`);
}

// How often the page's EventSource has been CLOSED.
const givenUp = async (page) => Number(await page.locator("#state")
	.getAttribute("data-given-up") ?? 0);

async function shows(page, ...wanted) {
	await waitUntil(`the page shows ${wanted}`, async () =>
		(await updates(page)).includes(wanted[0]));
	assert.deepEqual((await updates(page)).slice(0, wanted.length), wanted);
}

// Down until the browser has given up for good, with two updates meanwhile.
async function survives(page, names) {
	const closed = await givenUp(page);

	await killHub();
	await stateBecomes(page, "reconnecting");
	await publish(names[0]);
	await waitUntil("the EventSource is CLOSED", async () =>
		await givenUp(page) > closed);
	await publish(names[1]);
	await restartHub();
	await stateBecomes(page, "connected");
	await publish(names[2]);
	await shows(page, names[2], names[1], names[0]);
}

describe("the demo page", () => {
	before(async () => {
		quickstart = await startQuickstart();
		({ dir, facts, line: pasted } = quickstart);
		browser = await launch();
	});

	after(async () => {
		await browser?.close();
		await quickstart?.stop("SIGINT");
		for (const hub of restarted)
			await hub.stop();
		await quickstart?.remove();
	});

	it("is at the URL that is printed", async () => {
		const page = await visit(browser, pasted(/^http:.*\/$/));

		await stateBecomes(page, "connected");
		await page.context().close();
	});

	it("receives what the printed curl line publishes", async () => {
		const page = await visit(browser, facts.PAGE);
		const curl = start("bash", ["-c", `exec ${pasted(/^curl -N/)}`]);

		try {
			await stateBecomes(page, "connected");
			await waitUntil("curl has its stream",
				() => /^:/m.test(curl.output));
			const id = await shell(pasted(/^curl -H/));
			await shows(page, "Hello");
			assert.equal(await page.locator("#last-event-id")
				.textContent(), id.trim());
			await waitUntil("curl -N shows it",
				() => /^data: ?Hello$/m.test(curl.output));
		} finally {
			await curl.stop();
			await page.context().close();
		}
	});

	it("receives what pushcgi publishes", async () => {
		const page = await visit(browser, facts.PAGE);

		await stateBecomes(page, "connected");
		const id = await publish("from the helper\nin two lines");
		await shows(page, "from the helper\nin two lines");
		assert.equal(await page.locator("#last-event-id").textContent(),
			id.trim());
		await page.context().close();
	});

	it("publishes, and another page receives it", async () => {
		const [one, other] = [await visit(browser, facts.PAGE),
			await visit(browser, facts.PAGE)];

		await stateBecomes(other, "connected");
		await one.fill("#data", "from a <b>page</b> & more");
		await one.click("#publish button");
		await shows(other, "from a <b>page</b> & more");
		await waitUntil("it is told the id", async () =>
			/^published as urn:uuid:/.test(await one.locator("#answer")
				.textContent()));
		await one.context().close();
		await other.context().close();
	});

	it("misses nothing over a crash of the hub", async () => {
		const page = await visit(browser, facts.PAGE);

		await stateBecomes(page, "connected");
		await publish("before the crash");
		await shows(page, "before the crash");
		await survives(page, ["one", "two", "three"]);
		assert.deepEqual(await updates(page),
			["three", "two", "one", "before the crash"]);
		await page.context().close();
	});

	it("misses nothing though it had received nothing", async () => {
		const page = await visit(browser, facts.PAGE);

		await stateBecomes(page, "connected");
		assert.deepEqual(await updates(page), []);
		await survives(page, ["first", "second", "third"]);
		assert.deepEqual(await updates(page),
			["third", "second", "first"]);
		await page.context().close();
	});

	it("misses nothing when the hub is restarted in peace", async () => {
		const page = await visit(browser, facts.PAGE);
		const pid = await hubPid();

		await stateBecomes(page, "connected");
		process.kill(pid, "SIGTERM");
		await stateBecomes(page, "reconnecting");
		await publish("meanwhile");
		await restartHub();
		await shows(page, "meanwhile");
		assert.deepEqual(await updates(page), ["meanwhile"]);
		await page.context().close();
	});

	it("ends all it started on Ctrl-C", async () => {
		const pid = await hubPid();

		await quickstart.stop("SIGINT");
		await waitUntil("the hub has ended", async () =>
			restarted.every((hub) => hub.exited
				|| hub.child.pid !== pid));
		await assert.rejects(fetch(facts.PAGE));
	});
});
