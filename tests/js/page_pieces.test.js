import assert from "node:assert/strict";
import { test } from "node:test";

import { forgetTicket, isToStartAtOnce, takeTicket } from "../../static/js/capture_ticket.js";
import { readServerMessage } from "../../static/js/protocol.js";
import { buildReturnAddress } from "../../static/js/return_address.js";
import { SessionClock } from "../../static/js/session_clock.js";
import { findNameFault } from "../../static/js/subject_name.js";
import { readClaims } from "../../static/js/token_claims.js";

const TICKET = "t".repeat(43);

function createHistory(state = null) {
  const history = { state, address: null };
  history.replaceState = (newState, _title, address) => Object.assign(history, { state: newState, address });
  return history;
}

test("the ticket leaves the address bar and survives a reload", () => {
  const history = createHistory();
  const place = { pathname: "/verify/1", search: "" };
  assert.equal(takeTicket({ ...place, hash: `#ticket=${TICKET}` }, history), TICKET);
  assert.equal(history.address, "/verify/1");
  assert.equal(takeTicket({ ...place, hash: "" }, history), TICKET);
});

test("a spent ticket is forgotten", () => {
  const history = createHistory({ ticket: TICKET });
  forgetTicket({ pathname: "/verify/1", search: "" }, history);
  assert.equal(takeTicket({ pathname: "/verify/1", search: "", hash: "" }, history), null);
});

test("only another try begins without another question", () => {
  assert.equal(isToStartAtOnce({ hash: `#ticket=${TICKET}&start=now` }), true);
  assert.equal(isToStartAtOnce({ hash: `#ticket=${TICKET}` }), false);
  assert.equal(takeTicket({ pathname: "/", search: "", hash: `#ticket=${TICKET}&start=now` }, createHistory()), TICKET);
});

test("a fragment that holds no ticket is none", () => {
  for (const hash of ["", "#", "#ticket=", "#ticket=short", "#ticket=%20%20", `#other=${TICKET}`]) {
    assert.equal(takeTicket({ pathname: "/", search: "", hash }, createHistory()), null);
  }
});

test("the way back carries session and state, keeps the opener's query, and never a token", () => {
  const address = buildReturnAddress("https://shop.example/done?cart=7", { sessionId: "s-1", state: "a&b=c" });
  assert.equal(address.href, "https://shop.example/done?cart=7&session_id=s-1&state=a%26b%3Dc");
});

test("an absent state is left out of the way back", () => {
  assert.equal(buildReturnAddress("https://a.example/", { sessionId: "1", state: "" }).search, "?session_id=1");
});

test("only web addresses are ways back", () => {
  for (const uri of ["", "None", "/relative", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd"]) {
    assert.equal(buildReturnAddress(uri, { sessionId: "1", state: "" }), null);
  }
});

test("the session's end is reckoned from the server's clock, not the device's date", () => {
  const clock = new SessionClock({ expiresAt: "2031-01-01T00:02:00Z", renderedAt: "2031-01-01T00:00:00+00:00" }, 5000);
  assert.equal(clock.sessionLeftMs(5000), 120_000);
  assert.equal(clock.sessionLeftMs(65_000), 60_000);
  clock.adjust("2031-01-01T00:02:30Z");
  assert.equal(clock.sessionLeftMs(65_000), 90_000);
});

test("a challenge never has more time than its session", () => {
  const clock = new SessionClock({ expiresAt: "2031-01-01T00:00:10Z", renderedAt: "2031-01-01T00:00:00Z" }, 0);
  clock.beginChallenge(15_000, 0);
  assert.equal(clock.challengeLeftMs(0), 10_000);
  clock.beginChallenge(4000, 0);
  assert.equal(clock.challengeLeftMs(1000), 3000);
});

test("dates that cannot be read never end the session on this page", () => {
  assert.equal(new SessionClock({}, 0).sessionLeftMs(1e9), Number.POSITIVE_INFINITY);
});

test("names the server would refuse are caught before they are sent", () => {
  assert.equal(findNameFault("   "), "nameMissing");
  assert.equal(findNameFault("a".repeat(129)), "nameTooLong");
  assert.equal(findNameFault("🙂".repeat(128)), null);
  assert.equal(findNameFault("a\u0007b"), "nameInvisible");
  assert.equal(findNameFault(" Алиса "), null);
});

test("a message that lacks a field the page needs is no message", () => {
  const challenge = {
    type: "challenge", challenge_id: "c", index: 1, total: 3, kind: "gesture", action: "nod", params: {},
    instruction: "Nod", nonce: "A".repeat(22), timeout_ms: 15_000,
  };
  assert.deepEqual(readServerMessage(JSON.stringify(challenge)), challenge);
  for (const field of ["challenge_id", "index", "total", "action", "instruction", "nonce", "timeout_ms"]) {
    assert.equal(readServerMessage(JSON.stringify({ ...challenge, [field]: null })), null, field);
  }
});

test("a result without token or scores is complete, as a failed one is", () => {
  const result = { type: "result", decision: "fail", reason: "challenge_failed", scores: null, token: null };
  assert.deepEqual(readServerMessage(JSON.stringify(result)), result);
});
