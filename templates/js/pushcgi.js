// SPDX-License-Identifier: MIT
// pushcgi.js - one stream for all tabs; see README.md.
(function (self) {
"use strict";

var PATIENCE_MS = 60000;
var document = self.document;
var script = document && (document.currentScript
	|| document.querySelector("script[type=module][src*='pushcgi.js']")
	|| { src: "" + /http.*pushcgi.js/.exec(new Error().stack), dataset: {} });
var locks = self.navigator.locks;

function ask(method, url, credentials, done) {
	var x = new XMLHttpRequest();

	x.open(method, url);
	x.withCredentials = credentials;
	x.timeout = PATIENCE_MS;
	x.onloadend = function () { done(x.status, x); };
	x.send();
}

function hold(name, have) {
	if (!locks)
		return have(Object);
	locks.request(name, function () { return new Promise(have); });
}

function toMs(seconds) { return Math.min(1000 * seconds, 2e9); }

// For few pages.
function more(act) {
	var s = document.createElement("script");

	function have() { act(self.pushcgiMore || {}); }

	if (self.pushcgiMore)
		return have();
	s.src = script.src.replace("pushcgi.js", "pushcgi-more.js");
	s.nonce = script.nonce;
	s.onload = s.onerror = have;
	document.head.appendChild(s);
}

function random() { return "pushcgi " + Math.random(); }

// Keeps a stream open behind o.id; returns what ends it.
function keep(o, tell) {
	var source, timer, failures = 0, refreshed, held, located, over;

	function address() {
		var url = new URL(o.url), query = url.searchParams;

		o.topics.forEach(query.append.bind(query, "topic"));
		if (o.id)
			query.append("lastEventID", o.id);
		if (o.poll)
			query.append("delivery", "poll");
		return url;
	}

	function drop() {
		clearTimeout(timer);
		if (source)
			source.close();
	}

	function stop() {
		over = true;
		drop();
	}

	function later(status, least) {
		var ms = toMs(least + (1 + Math.random())
			* (1 << Math.min(failures++, 7)) / 4);

		refreshed = o.open = false;
		tell("retry", { status: status, delay: ms });
		watch(ms, true);
	}

	function refresh() {
		ask("GET", o.refresh, true, function (status) {
			refreshed = status || 999;
			if (over)
				return;
			if (status === 401 || status === 403)
				tell("close", { status: status });
			else
				connect();
		});
	}

	function locate(then) {
		var asked = o.id;

		ask("HEAD", address(), o.credentials, function (status, x) {
			var link = /last-event-id="([^"]*)"/
				.exec(x.getResponseHeader("Link"));
			var who = /pushcgi-subscriber: (\w+)/i
				.exec(x.getAllResponseHeaders());

			if (over)
				return;
			if (!asked)
				o.id = o.id || link && link[1];
			else if (asked !== "earliest"
				&& x.getResponseHeader("Last-Event-ID") === "earliest") {
				if (o.id === asked)
					o.id = "earliest";
				tell("gap", { lastEventId: asked });
			}
			if (who)
				tell("rights", o.rights = { of: who[1] });
			then(status, x);
		});
	}

	function connect() {
		locate(function (status, x) {
			located = status;
			if (status === 401 && o.refresh && !refreshed)
				refresh();
			else if (/^(0|429|5(?!01))/.test(status)
				|| status === 401 && refreshed > 299)
				later(status, +x.getResponseHeader("Retry-After") || 0);
			else if (/204|40[013]|410/.test(status))
				tell("close", { status: status });
			else
				open();
		});
	}

	function watch(ms, opened) {
		clearTimeout(timer);
		timer = ms && setTimeout(function () {
			held = !opened;
			drop();
			connect();
		}, ms);
	}

	function take(event) {
		if (over)
			return event.target.close();
		// Not an event of the connection.
		if (!("data" in event))
			return;
		o.id = event.lastEventId || o.id;
		tell(event.type === "pushcgi-count" ? "count" : "update",
			{ type: event.type, data: event.data, lastEventId: o.id });
	}

	function open() {
		var opened, poll;

		// Short answers arrive, a stream did not.
		if (held && !o.poll) {
			o.poll = true;
			tell("held", { status: 200 });
		}
		tell("from", { lastEventId: o.id });
		source = new EventSource(address(),
			{ withCredentials: o.credentials });
		o.types.forEach(function (type) {
			source.addEventListener(type, take);
		});
		watch(o.poll ? PATIENCE_MS : toMs(o.pollAfter));
		source.onopen = function (event) {
			if (over)
				return event.target.close();
			clearTimeout(timer);
			failures = 0;
			refreshed = false;
			poll = o.poll;
			if (o.open)
				return;
			o.open = opened = true;
			tell("open", {});
			if (!located)
				locate(Object);
			located = false;
		};
		source.onerror = function (event) {
			if (over)
				return event.target.close();
			if (source.readyState === 1)
				return;
			if (source.readyState === 2)
				return later(located || 0, 0);
			watch(PATIENCE_MS, opened);
			if (poll)
				tell("poll", {});
			else if (o.open) {
				o.open = false;
				tell("retry", {});
			}
			poll = false;
		};
	}

	o.open = o.rights = false;
	(o.id ? open : connect)();
	return stop;
}

// tabs: the places of all, null if live.
function share(say) {
	var tabs = {}, ring = [], want, stop, behind;

	function find(id) {
		return ring.map(function (update) {
			return update.lastEventId;
		}).lastIndexOf(id);
	}

	function last() { return ring.slice(-1)[0] || {}; }

	function attach(name, at) {
		ring.slice(at + 1).forEach(say.bind(null, name, "update"));
		say(name, "from", last());
		if (want.open)
			say(name, "open", {});
		if (want.rights)
			say(name, "rights", want.rights);
		caughtUp(name);
	}

	function caughtUp(name) {
		tabs[name] = null;
		if (!behind || behind.name !== name)
			return;
		behind.stop();
		behind = null;
		Object.keys(tabs).forEach(serve);
	}

	function catchUp(name) {
		var from = last(), silent = 0, o = Object.create(want);

		o.id = tabs[name];
		o.poll = true;
		behind = { name: name };
		behind.stop = keep(o, function (kind, detail) {
			if (kind === "update") {
				silent = 0;
				from = last();
				tabs[name] = detail.lastEventId;
				say(name, kind, detail);
				serve(name);
			} else if (kind === "gap" || kind === "close") {
				say(name, kind, detail);
				if (kind === "close")
					caughtUp(name);
			} else if (kind === "poll" && silent++ && want.open)
				attach(name, ring.indexOf(from));
		});
	}

	function serve(name) {
		var at = tabs[name] ? find(tabs[name]) : ring.length;

		if (tabs[name] === null)
			return;
		if (at >= 0)
			attach(name, at);
		else if (!behind)
			catchUp(name);
	}

	function end() {
		if (behind)
			behind.stop();
		if (stop)
			stop();
		want = stop = behind = null;
		ring = [];
	}

	function heard(kind, detail) {
		if (kind === "from" && find(detail.lastEventId) < ring.length - 1)
			ring = [];
		if (kind === "update" || !ring.length)
			ring.push(detail);
		ring = ring.slice(-200);
		say(null, kind, detail);
		if (kind === "close")
			end();
		else
			Object.keys(tabs).forEach(serve);
	}

	return {
		end: end,
		join: function (name, o) {
			var more = !want || o.anew;

			if (name in tabs)
				return;
			tabs[name] = o.id;
			want = want || o;
			["topics", "types"].forEach(function (key) {
				o[key].forEach(function (value) {
					if (want[key].indexOf(value) < 0)
						more = want[key].push(value);
				});
			});
			if (more) {
				if (stop)
					stop();
				stop = keep(want, heard);
			}
			serve(name);
		},
		leave: function (name) {
			caughtUp(name);
			delete tabs[name];
			if (!Object.keys(tabs).length)
				end();
		}
	};
}

function lead(key) {
	var me = random(), channel = new BroadcastChannel(key);
	var hub = share(function (to, kind, detail) {
		channel.postMessage({ by: me, to: to, kind: kind, detail: detail });
	});

	channel.onmessage = function (event) {
		var said = event.data;

		if (said.join)
			hub.join(said.from, said.join);
		if (said.join && locks)
			locks.request(said.from, function () { hub.leave(said.from); });
	};
	channel.postMessage({ leader: me });
	return function () {
		hub.end();
		channel.close();
	};
}

function Pushcgi(options, element) {
	var me = this, base = self.location, name, live, endings;
	var url = new URL(options.url || "/.well-known/mercure", base);
	var o = {
		url: url.href,
		topics: [].concat(options.topics || []).sort(),
		types: ["message"].concat(options.types || []),
		id: options.lastEventId,
		credentials: url.origin !== base.origin
			&& options.withCredentials !== false,
		refresh: options.refresh && new URL(options.refresh, base).href,
		poll: options.delivery === "poll",
		pollAfter: "pollAfter" in options ? options.pollAfter : 10
	};

	function hear(to, kind, detail) {
		if (to && to !== name)
			return;
		if ("status" in detail && !(detail.delay < 500))
			more(function (has) { has.warn && has.warn(o, kind, detail); });
		if (!to && !live && kind !== "close")
			return;
		if (kind === "from") {
			live = true;
			o.id = o.id || detail.lastEventId;
			return;
		}
		if (kind === "update") {
			o.id = detail.lastEventId || o.id;
			if (o.types.indexOf(detail.type) < 0)
				return;
		}
		if (kind === "close")
			close();
		tell(kind, detail);
	}

	function tell(kind, detail) {
		if (options["on" + kind])
			options["on" + kind](detail);
		if (element)
			element.dispatchEvent(new CustomEvent(
				"pushcgi:" + kind, { bubbles: true, detail: detail }));
	}

	function alone() {
		var hub = share(hear);

		endings.push(hub.end);
		hub.join(name, o);
	}

	function together() {
		var key = "pushcgi 2 " + JSON.stringify([o.url, o.credentials,
			options.refresh, options.share, options.share === "all" || o.topics]);
		var mine = endings, channel = new BroadcastChannel(key);
		var leader, stands;

		function join() {
			live = false;
			channel.postMessage({ from: name, join: o });
		}

		function stand() {
			if (stands || mine !== endings)
				return;
			stands = true;
			if (locks)
				hold(key, function (release) {
					if (mine !== endings)
						return release();
					endings.push(lead(key), release);
				});
			else if (!leader) {
				channel.close();
				alone();
			}
		}

		channel.onmessage = function (event) {
			var said = event.data;

			if (said.leader || said.by && !leader) {
				leader = said.leader || said.by;
				stand();
			}
			if (said.leader)
				join();
			else if (said.by && said.by === leader)
				hear(said.to, said.kind, said.detail);
		};
		endings.push(function () { channel.close(); });
		join();
		try {
			new SharedWorker(script.src, key).onerror = stand;
			setTimeout(stand, 3000);
		} catch (none) {
			stand();
		}
	}

	function start() {
		var mine = endings = [];

		name = random();
		hold(name, function (release) {
			if (mine !== endings)
				return release();
			endings.push(release);
			try {
				if (options.share !== "none")
					return together();
			} catch (none) {
			}
			alone();
		});
	}

	function stop() {
		(endings || []).forEach(function (act) { act(); });
		endings = null;
	}

	function resume() {
		if (!endings)
			start();
	}

	function close() {
		stop();
		listen("removeEventListener");
	}

	function listen(how) {
		self[how]("pagehide", stop);
		self[how]("pageshow", resume);
		document[how]("freeze", stop);
		document[how]("resume", resume);
	}

	function begin() {
		if (endings === null)
			return;
		listen("addEventListener");
		start();
	}

	me.close = close;
	if (options.presence || options.count || options.target
		|| options.private || options.refreshAfter)
		more(function (has) {
			if (has.extend)
				tell = has.extend(me, o, options, tell, ask, stop, start);
			begin();
		});
	else
		begin();
}

function settings() {
	var data = script.dataset, o = {}, name;

	for (name in data)
		try {
			o[name] = JSON.parse(data[name]);
		} catch (none) {
			o[name] = data[name];
		}
	o.lastEventId = data.lastEventId;
	return o;
}

function begin() {
	script.pushcgi = new Pushcgi(settings(), script);
}

// A worker.
if (!document)
	return hold(self.name, function () { lead(self.name); });
self.Pushcgi = Pushcgi;
self.pushcgi = {
	subscribe: function (topics, listener, options) {
		return new Pushcgi(Object.assign(settings(), options,
			{ topics: topics, onupdate: listener }));
	}
};
if (!script.dataset.topics)
	return;
if (document.readyState === "loading")
	document.addEventListener("DOMContentLoaded", begin);
else
	begin();
})(self);
