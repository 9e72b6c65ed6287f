// SPDX-License-Identifier: MIT
// pushcgi-more.js - parts that few pages need; pushcgi.js loads it, see README.md.
(function (self) {
"use strict";

// A page may ask for this file again before it has come.
if (self.pushcgiMore)
	return;

var document = self.document;
var locks = self.navigator.locks;
var HUB = "/.well-known/mercure/";
// The limit of timers.
var LONGEST_MS = 2e9;
// What arrives within this time is shown at once: a replay may bring visitors who
// have left again.
var TOGETHER_MS = 100;

function list(value) { return value ? [].concat(value) : []; }

// As the hub encodes selectors in paths.
function encode(text) {
	return encodeURIComponent(text).replace(/[!'()*]/g, function (c) {
		return "%" + c.charCodeAt(0).toString(16).toUpperCase();
	});
}

function parse(text) {
	try {
		return JSON.parse(text) || {};
	} catch (none) {
		return {};
	}
}

// ---- Warnings ----

var STATUS = {
	200: "The hub answers, but the browser does not accept its stream: "
		+ "Content-Type must be text/event-stream in UTF-8.",
	204: "The hub says that this stream has ended for good (204).",
	400: "The hub does not accept the topics of this page (400).",
	401: "The hub does not accept the visitor's token (401): it has expired, "
		+ "or its key is not the hub's. With data-refresh the page gets "
		+ "another one.",
	403: "The hub, or a rule of the web server, refuses this page (403). "
		+ "With data-count, MERCURE_COUNTS must list the topic.",
	404: "There is no hub at this URL (404): compare data-url, "
		+ "MERCURE_PUBLIC_HUB_URL and the web server's configuration.",
	410: "The hub says that this stream has ended for good (410).",
	429: "There are too many connections (429): see MERCURE_MAX_CONNECTIONS "
		+ "and the hub's log."
};
var OTHERS = {
	anonymous: "This page may not receive private updates any more: the "
		+ "visitor's session or cookie has ended, and the hub takes the "
		+ "visitor for anybody. With data-refresh the page gets new rights.",
	held: "A web server or proxy holds the stream back, by buffering, "
		+ "compression or a cache. Long polling is used instead.",
	presence: "This page may not see who is connected: grant it the topic "
		+ "that mercure_subscription_topic() returns."
};
var warned = {};

// Each once in a page, however often it fails.
function say(o, text) {
	var line = "pushcgi.js: " + text + " To find the cause, run: pushcgi check"
		+ " --origin=" + self.location.origin + " " + o.url;

	if (!warned[line] && self.console)
		console.warn(line);
	warned[line] = true;
}

function isLocal(host) { return /^(localhost|127\.|\[::1)/.test(host); }

// A script does not see why a request failed.
function explainSilence(o) {
	var hub = new URL(o.url), origin = self.location.origin;
	var nobody = "There is no answer from " + hub.host + ": it is not "
		+ "running, its name or port is wrong, browsers do not trust its "
		+ "certificate (open the URL in a tab), or the page's "
		+ "Content-Security-Policy does not allow it in connect-src.";

	if (self.navigator.onLine === false)
		return;
	if (self.location.protocol === "https:" && hub.protocol === "http:"
		&& !isLocal(hub.hostname))
		say(o, "Mixed content: the page is https and the hub's URL is http, "
			+ "so browsers refuse it. MERCURE_PUBLIC_HUB_URL must be the "
			+ "hub's https URL.");
	else if (hub.origin === origin || !self.fetch)
		say(o, nobody);
	else
		// This succeeds without CORS, but nothing of it can be read.
		fetch(o.url, { mode: "no-cors", method: "HEAD" }).then(function () {
			say(o, "The hub answers, but does not allow requests from pages "
				+ "of " + origin + " (CORS): add it to "
				+ "MERCURE_CORS_ALLOWED_ORIGINS.");
		}, function () { say(o, nobody); });
}

function warn(o, kind, detail) {
	var status = detail.status;

	if (OTHERS[kind])
		say(o, OTHERS[kind]);
	else if (!status)
		explainSilence(o);
	else
		say(o, STATUS[status] || (status > 499
			? "The hub is not running, or the web server cannot reach it ("
			: "The hub's URL is answered by something else (")
			+ status + ").");
}

// ---- Rights ----

// Call act(done) in one tab only, until it is done; others do nothing.
function inOneTab(name, act) {
	if (!locks)
		return act(Object);
	locks.request(name, { ifAvailable: true }, function (lock) {
		return lock && new Promise(act);
	});
}

// Requests new rights, and a stream with them if `again`.
function refresh(c, again) {
	inOneTab("pushcgi refresh " + c.o.refresh, function (done) {
		c.ask("GET", c.o.refresh, true, function (status) {
			if (status > 199 && status < 400)
				try {
					localStorage["pushcgi " + c.o.refresh] = Date.now();
				} catch (none) {
				}
			if (again)
				c.again();
			done();
		});
	});
}

// The rights that the hub sees, if it says so.
function watchRights(c) {
	var had = c.options.private, tried, lost;

	return function (kind, detail) {
		if (kind !== "rights")
			return;
		if (detail.of !== "anonymous") {
			had = true;
			tried = lost = false;
		} else if (had && c.o.refresh && !tried) {
			tried = true;
			refresh(c, true);
		} else if (had && !lost) {
			lost = true;
			warn(c.o, "anonymous", {});
			c.tell("anonymous", {});
		}
	};
}

// Refreshes rights in time.  Of several tabs, the first one does it.
function refreshInTime(c) {
	var every = Math.min(1000 * c.options.refreshAfter, LONGEST_MS);
	var timer, due;

	// Tabs do not do it at the same time.
	function wait(ms) {
		ms *= 1 - Math.random() / 50;
		due = Date.now() + ms;
		timer = setTimeout(tick, ms);
	}

	function tick() {
		var ago = every;

		if (c.over)
			return;
		try {
			ago = Date.now() - (localStorage["pushcgi " + c.o.refresh] || 0);
		} catch (none) {
		}
		if (ago >= 0 && ago < every)
			return wait(every - ago);
		refresh(c);
		wait(every);
	}

	if (!c.o.refresh || !every)
		return;
	wait(every);
	return function (kind) {
		// Timers stop while the machine sleeps.
		if (kind !== "retry" || Date.now() < due)
			return;
		clearTimeout(timer);
		wait(every);
		refresh(c, true);
	};
}

// ---- Presence ----

// A stream is a subscriber of its own, so a visitor may have several, and another
// one after each reconnection.  Visitors are told apart by their payload, which
// only the site can give.
function watchPresence(c) {
	var wanted = c.options.presence, path = HUB + "subscriptions/";
	var leaveMs = 1000 * ("leaveAfter" in c.options ? c.options.leaveAfter : 5);
	var streams = {}, here = {}, leaving = {}, asked = {}, known, told, timer;
	var topics = wanted === true ? c.o.topics : list(wanted);

	function later(ms) {
		clearTimeout(timer);
		timer = setTimeout(settle, ms);
	}

	function note(one) {
		if (one.active && one.payload)
			streams[one.id] = { topic: one.topic, payload: one.payload,
				subscriber: one.subscriber };
		else
			delete streams[one.id];
	}

	// Tell the page the difference between `here` and `streams`.
	function settle() {
		var now = {}, changed = !told, wait = Infinity;

		if (c.over)
			return;
		Object.keys(streams).forEach(function (id) {
			var one = streams[id];
			now[JSON.stringify([one.topic, one.payload])] = one;
		});
		Object.keys(now).forEach(function (who) {
			delete leaving[who];
			if (who in here)
				return;
			here[who] = now[who];
			changed = true;
			if (told)
				c.tell("join", here[who]);
		});
		Object.keys(here).forEach(function (who) {
			var one = here[who], left;

			if (who in now)
				return;
			leaving[who] = leaving[who] || Date.now() + leaveMs;
			left = leaving[who] - Date.now();
			// More: the clock was set.
			if (left > 0 && left <= leaveMs)
				return void (wait = Math.min(wait, left));
			delete here[who];
			delete leaving[who];
			changed = true;
			c.tell("leave", one);
		});
		told = true;
		if (changed)
			c.tell("here", Object.keys(here).map(function (who) {
				return here[who];
			}));
		if (wait < Infinity)
			later(wait);
	}

	function replace(topic, subscriptions, meanwhile) {
		known = true;
		Object.keys(streams).forEach(function (id) {
			if (streams[id].topic === topic)
				delete streams[id];
		});
		list(subscriptions).concat(meanwhile).forEach(note);
	}

	// What comes meanwhile is newer than the list, or the same again.
	function ask(topic) {
		var meanwhile = asked[topic] = [];

		c.ask("GET", c.o.url + "/subscriptions/" + encode(topic),
			c.o.credentials, function (status, x) {
				if (c.over || asked[topic] !== meanwhile)
					return;
				delete asked[topic];
				if (status === 401 || status === 403)
					warn(c.o, "presence", {});
				if (status === 200)
					replace(topic, parse(x.responseText).subscriptions,
						meanwhile);
				if (known && !Object.keys(asked).length)
					settle();
			});
	}

	if (!topics.length)
		return;
	c.o.topics = c.o.topics.concat(topics.map(function (topic) {
		return path + encode(topic) + "{/subscriber}";
	})).sort();
	topics.forEach(function (topic) { asked[topic] = []; });
	return function (kind, detail) {
		var one = kind === "update" ? parse(detail.data) : {};

		if (kind === "gap" || kind === "open" && !told)
			topics.forEach(ask);
		if (one.type !== "Subscription" || String(one.id).indexOf(path)
			|| topics.indexOf(one.topic) < 0)
			return;
		note(one);
		if (asked[one.topic])
			asked[one.topic].push(one);
		else if (told)
			later(TOGETHER_MS);
		return true;
	};
}

// ---- Counts ----

// Elements show the number of subscribers of the topic in their data-topic, or of
// the page's first one.
function watchCounts(c) {
	var selector = c.options.count, first = c.o.topics[0], topics = [];
	var numbers = {}, channel;

	function elements() {
		return [].slice.call(document.querySelectorAll(selector));
	}

	function topicOf(element) {
		return element.getAttribute("data-topic") || first;
	}

	function show(topic, count) {
		numbers[topic] = count;
		elements().forEach(function (element) {
			if (topicOf(element) === topic)
				element.textContent = count;
		});
		c.tell("count", { topic: topic, count: count });
	}

	// A number is not repeated for a tab that joins: another tab knows it.
	function askTabs() {
		channel = new BroadcastChannel("pushcgi counts " + c.o.url);
		channel.onmessage = function (event) {
			var said = event.data;

			if (c.over)
				return channel.close();
			topics.forEach(function (topic) {
				if (said.ask && topic in numbers)
					channel.postMessage({ topic: topic,
						count: numbers[topic] });
				else if (said.topic === topic && !(topic in numbers))
					show(topic, said.count);
			});
		};
		channel.postMessage({ ask: true });
	}

	if (!selector)
		return;
	if (selector === true)
		topics = c.o.topics.slice();
	else
		elements().map(topicOf).forEach(function (topic) {
			if (topic && topics.indexOf(topic) < 0)
				topics.push(topic);
		});
	c.o.types.push("pushcgi-count");
	c.o.topics = c.o.topics.concat(topics.map(function (topic) {
		return HUB + "counts/" + encode(topic);
	})).sort();
	if (self.BroadcastChannel)
		askTabs();
	return function (kind, detail) {
		var said;

		if (kind !== "count")
			return;
		said = parse(detail.data);
		if (topics.indexOf(said.topic) >= 0)
			show(said.topic, said.count);
		return true;
	};
}

// ---- HTML ----

// The data of an update is HTML for an element.
function watchTarget(c) {
	var target = c.options.target;
	var place = { append: "beforeend", prepend: "afterbegin" }[c.options.swap];

	if (!target)
		return;
	return function (kind, detail) {
		var selector = typeof target === "object" ? target[detail.type] : target;

		if (kind !== "update" || !selector)
			return;
		[].forEach.call(document.querySelectorAll(selector), function (element) {
			if (place)
				element.insertAdjacentHTML(place, detail.data);
			else
				element.innerHTML = detail.data;
			if (self.htmx)
				self.htmx.process(element);
		});
	};
}

// ----

// What page and hub are told passes these; returns what the page is told with.
function extend(page, o, options, tell, ask, stop, start) {
	var close = page.close;
	var c = { o: o, options: options, tell: tell, ask: ask,
		again: function () {
			if (c.over)
				return;
			o.anew = true;
			stop();
			start();
		} };
	var parts = [watchRights, refreshInTime, watchPresence, watchCounts,
		watchTarget].map(function (part) { return part(c); })
		.filter(Boolean);

	page.close = function () {
		c.over = true;
		close();
	};
	return function (kind, detail) {
		c.over = c.over || kind === "close";
		if (kind === "open")
			o.anew = false;
		if (!parts.some(function (part) { return part(kind, detail); }))
			tell(kind, detail);
	};
}

self.pushcgiMore = { warn: warn, extend: extend };
})(self);
