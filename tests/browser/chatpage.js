// SPDX-License-Identifier: MIT
// chatpage.js - what a visitor does in the chats of templates/examples.
import { DEADLINE_MS, waitUntil } from "./support.js";

export const texts = (page, selector) =>
	page.locator(selector).allTextContents();

export const here = (page) => page.getByRole("region", { name: "Who is here" })
	.getByRole("listitem").allTextContents();
export const said = (page) => page.getByRole("log", { name: "What is said" })
	.locator("span").allTextContents();

export async function openPage(context, url) {
	const page = await context.newPage();

	page.setDefaultTimeout(DEADLINE_MS);
	await page.goto(url);
	return page;
}

export const connected = (page) =>
	page.locator("#connection[data-state=connected]").waitFor();

// By what screen readers say, too.
export async function ask(page, name) {
	await page.getByLabel("Your name").fill(name);
	await page.getByRole("button", { name: "Enter" }).click();
}

export async function enter(context, url, name) {
	const page = await openPage(context, url);

	await ask(page, name);
	await connected(page);
	return page;
}

export async function say(page, text) {
	await page.getByLabel("Say", { exact: true }).fill(text);
	await page.getByRole("button", { name: "Send" }).click();
}

export const hears = (page, text) => waitUntil(`it hears ${text}`, async () =>
	(await said(page)).includes(text));

export const sees = (page, ...names) => waitUntil(`it sees ${names}`, async () =>
	`${await here(page)}` === `${names.sort()}`);
