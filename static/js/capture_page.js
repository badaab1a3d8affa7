/**
 * The capture page: which state it is in, and what may happen in it.
 *
 *     idle -> recording_consent -> requesting_camera -> preparing -> connecting -> aligning -> challenging
 *       -> deciding -> finished
 *
 * and from any of them to failed. `document.documentElement.dataset.state` names the state.
 */

import { CameraMemory } from "./camera_memory.js";
import { CaptureRun } from "./capture_run.js";
import { forgetTicket, isToStartAtOnce, takeTicket } from "./capture_ticket.js";
import { CaptureView } from "./capture_view.js";
import { ChallengeFlow } from "./challenge_flow.js";
import { ConsentPanel } from "./consent_panel.js";
import { Ending } from "./ending.js";
import { prepareLanguageSwitch } from "./language_switch.js";
import { loadPageText, say } from "./page_text.js";
import { requireElement } from "./page_elements.js";
import { Preparation } from "./preparation.js";
import { SessionClock } from "./session_clock.js";
import { buildSocketUrl } from "./verification_socket.js";
import { Voice } from "./voice.js";

/**
 * @typedef {"idle" | "recording_consent" | "requesting_camera" | "preparing" | "connecting" | "aligning"
 *   | "challenging" | "deciding" | "finished" | "failed"} PageState
 * @typedef {import("./page_text.js").Failure} Failure
 * @typedef {import("./protocol.js").ServerMessage} ServerMessage
 */

const CLOCK_INTERVAL_MS = 250;
const SLOW_CONNECTION_MS = 3000;
const CANCEL_ANSWER_MS = 2000;
const DECISION_MS = 15_000;
const NEXT_CHALLENGE_MS = 10_000;
const BEFORE_SOCKET = /** @type {readonly PageState[]} */ (["idle", "recording_consent", "requesting_camera", "preparing"]);
const WITH_CAMERA = /** @type {readonly PageState[]} */ (["preparing", "connecting", "aligning", "challenging"]);

class CapturePage {
  #root = requireElement("capture", HTMLElement);
  #title = document.title;
  #voice = new Voice(globalThis.speechSynthesis, document.documentElement.lang);
  #view = new CaptureView(this.#voice);
  #clock = new SessionClock(this.#root.dataset, performance.now());
  #hasConsented = this.#root.dataset["hasConsented"] === "yes";
  #mayStartAtOnce = isToStartAtOnce(window.location) && this.#hasConsented;
  #ticket = takeTicket(window.location, window.history);
  #ending = new Ending(this.#root, this.#ticket, () => this.#startOver());
  #flow = new ChallengeFlow(this.#view, this.#clock, {
    onStep: (step) => this.#enter(step),
    // No frame is out until the next challenge comes, so that nothing else would notice a line that died just now.
    onGap: (nowMs) => { this.#dueByMs = nowMs + NEXT_CHALLENGE_MS; },
    onLast: () => this.#awaitDecision(say("deciding"), DECISION_MS),
  });
  #cameras = new CameraMemory(navigator.mediaDevices);
  #preparation = new Preparation(this.#view, this.#cameras, {
    onReady: () => this.#connect(),
    onOtherCamera: (deviceId) => void this.#run?.openCamera(deviceId),
  });
  #isCancelled = false;
  #connectingSinceMs = Number.POSITIVE_INFINITY;
  /** When the server's next word is due. */ #dueByMs = Number.POSITIVE_INFINITY;
  /** @type {PageState} */ #state = "idle";
  /** @type {CaptureRun | null} */ #run = null;

  begin() {
    this.#enter("idle");
    this.#flow.skipsLeft = Number(this.#root.dataset["skipsLeft"]);
    prepareLanguageSwitch(document.getElementById("languages"), () => this.#ticket);
    this.#voice.bindTo([requireElement("speak", HTMLButtonElement), requireElement("speak-on", HTMLButtonElement)]);
    this.#view.skipButton.addEventListener("click", () => this.#skip());
    this.#view.cancelButton.addEventListener("click", () => this.#cancel());
    this.#view.preview.addEventListener("resize", () => this.#view.guide.fitStage(this.#view.preview));
    document.addEventListener("visibilitychange", () => this.#notePageSight(document.hidden));
    window.addEventListener("pagehide", () => this.#run?.end());
    window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());
    setInterval(() => this.#checkClock(performance.now()), CLOCK_INTERVAL_MS);
    this.#ending.tellReady();
    if (this.#ticket === null) return this.#fail("ticket_missing");
    this.#askForConsent(this.#ticket);
    if (this.#mayStartAtOnce) this.#openCamera();
  }

  /** @param {string} ticket */
  #askForConsent(ticket) {
    new ConsentPanel(ticket, {
      onSending: () => this.#enter("recording_consent"),
      onAgreed: ({ skipsLeft, expiresAt }) => {
        this.#hasConsented = true;
        this.#flow.skipsLeft = skipsLeft;
        this.#clock.adjust(expiresAt);
        this.#openCamera();
      },
      onDeclined: () => {
        forgetTicket(window.location, window.history);
        this.#enter("finished");
        this.#ending.showDeclined(this.#view);
      },
      onFailure: (failure) => this.#fail(failure),
    });
  }

  /** @param {PageState} state */
  #enter(state) {
    this.#state = state;
    document.documentElement.dataset["state"] = state;
    this.#view.skipButton.hidden = state !== "challenging" || this.#flow.skippable === null;
    this.#view.cancelButton.hidden = state === "deciding";
  }

  get #isConcluded() {
    return this.#state === "finished" || this.#state === "failed";
  }

  /**
   * Another try with the same ticket.
   * @returns {boolean} false where the session ran out while the person read what had gone wrong.
   */
  #startOver() {
    if (this.#clock.sessionLeftMs(performance.now()) <= 0) return false;
    if (this.#hasConsented) {
      this.#openCamera();
    } else {
      this.#enter("idle");
      this.#view.showPanel("consent");
    }
    return true;
  }

  #openCamera() {
    const path = this.#root.dataset["websocketPath"] ?? "";
    this.#isCancelled = false;
    this.#enter("requesting_camera");
    this.#view.showPanel("session");
    this.#view.clearStep();
    this.#view.clearDoubts();
    this.#view.guide.setShape("waiting");
    this.#view.setInstruction({ text: say("askingForCamera"), action: "camera", hint: say("askingForCameraHint") });
    const run = new CaptureRun(this.#view.preview, buildSocketUrl(window.location, path, this.#ticket ?? ""), {
      onCamera: (deviceId) => this.#prepare(deviceId),
      onMessage: (message, isCurrent) => this.#receive(message, isCurrent),
      onDoubt: (isDoubtful) => this.#view.setDoubt("line", isDoubtful ? say("connectionDoubtful") : null),
      onCameraPaused: (isPaused) => this.#view.setDoubt("camera", isPaused ? say("cameraPaused") : null),
      onFailure: (failure) => this.#fail(failure),
    });
    this.#run = run;
    void this.#cameras.recall().then((deviceId) => run.openCamera(deviceId));
  }

  /** @param {string | null} deviceId */
  #prepare(deviceId) {
    this.#enter("preparing");
    this.#view.guide.fitStage(this.#view.preview);
    this.#view.setInstruction({ text: say("preparing"), action: "look_straight", hint: "" });
    void this.#preparation.begin(deviceId);
  }

  #connect() {
    this.#enter("connecting");
    this.#connectingSinceMs = performance.now();
    this.#view.setInstruction({ text: say("connecting"), action: "look_straight", hint: say("connectingHint") });
    this.#run?.connect();
  }

  /**
   * @param {ServerMessage} message
   * @param {boolean} isCurrent
   */
  #receive(message, isCurrent) {
    const nowMs = performance.now();
    if (this.#isConcluded) return;
    if (message.type === "session") this.#clock.adjust(message.expires_at);
    else if (message.type === "result") this.#finish(message, nowMs);
    else if (this.#isCancelled) return;
    else if (message.type === "challenge") this.#beginChallenge(message, nowMs);
    else if (message.type === "challenge_result") this.#flow.end(message, nowMs);
    else if (message.type === "feedback" && isCurrent) this.#flow.observe(message, nowMs);
  }

  /**
   * @param {import("./protocol.js").ChallengeMessage} challenge
   * @param {number} nowMs
   */
  #beginChallenge(challenge, nowMs) {
    this.#dueByMs = Number.POSITIVE_INFINITY;
    this.#flow.begin(challenge, nowMs);
  }

  /**
   * @param {string} text
   * @param {number} withinMs
   */
  #awaitDecision(text, withinMs) {
    this.#enter("deciding");
    this.#dueByMs = performance.now() + withinMs;
    this.#view.clearStep();
    this.#view.guide.setShape("working");
    this.#view.setInstruction({ text, action: "deciding", hint: say("decidingHint") });
  }

  #skip() {
    const challengeId = this.#flow.takeSkip();
    if (challengeId !== null) this.#run?.skip(challengeId);
  }

  #cancel() {
    this.#isCancelled = true;
    if (this.#run?.hasConnected !== true) return this.#fail("disconnected");
    this.#run.cancel();
    this.#awaitDecision(say("cancelling"), CANCEL_ANSWER_MS);
  }

  /**
   * @param {import("./protocol.js").ResultMessage} message
   * @param {number} nowMs
   */
  #finish(message, nowMs) {
    this.#run?.end();
    this.#cameras.noteEnd(message.reason, this.#run?.deviceId ?? null);
    // Until then a reload may use it for another try.
    if (message.decision === "pass") forgetTicket(window.location, window.history);
    this.#enter("deciding");
    this.#dueByMs = Number.POSITIVE_INFINITY;
    this.#flow.whenSeen(nowMs, () => {
      this.#enter("finished");
      this.#ending.showResult(this.#view, message, this.#flow.tally.worst);
    });
  }

  /** @param {Failure} failure */
  #fail(failure) {
    if (this.#isConcluded) return;
    const hasConnected = this.#run?.hasConnected === true;
    this.#preparation.end();
    this.#run?.end();
    this.#cameras.noteEnd(failure, this.#run?.deviceId ?? null);
    this.#enter("failed");
    if (this.#isCancelled) this.#ending.showCancelled(this.#view, hasConnected);
    else this.#ending.showFailure(this.#view, failure, hasConnected);
  }

  /** @param {boolean} isHidden */
  #notePageSight(isHidden) {
    document.title = isHidden && WITH_CAMERA.includes(this.#state) ? say("pausedTitle") : this.#title;
    if (!WITH_CAMERA.includes(this.#state)) return;
    this.#run?.setPaused(isHidden);
    if (!isHidden) this.#view.notify(say("pagePaused"), "adjust", performance.now());
  }

  /** @param {number} nowMs */
  #checkClock(nowMs) {
    if (this.#isConcluded) return;
    if (BEFORE_SOCKET.includes(this.#state) && this.#clock.sessionLeftMs(nowMs) <= 0) this.#fail("session_timeout");
    else if (nowMs > this.#dueByMs) this.#fail("server_silent");
    else if (this.#state === "connecting" && nowMs - this.#connectingSinceMs > SLOW_CONNECTION_MS) {
      this.#view.say(say("connectingSlow"), "plain");
    } else this.#flow.showTimeLeft(nowMs);
  }
}

loadPageText(document);
new CapturePage().begin();
