import type { EventPage, Job, JobEvent } from "../../api/types";
import { applyEvent, GAP, hasEnded, type JobView } from "./jobState";

/** `live`: events come by socket. `polling`: by asking, since the socket does not open. `offline`: neither works. */
export type Connection = "connecting" | "live" | "polling" | "offline" | "ended";

export interface Socket {
  close: () => void;
}

export interface SocketHandlers {
  onOpen: () => void;
  onFrame: (frame: unknown) => void;
  onClose: (code: number) => void;
}

/** The outside world of a stream, so that tests can play it. */
export interface StreamPorts {
  fetchJob: (id: string) => Promise<Job>;
  fetchEvents: (id: string, after: number) => Promise<EventPage>;
  openSocket: (id: string, after: number, handlers: SocketHandlers) => Socket;
  setTimer: (run: () => void, milliseconds: number) => () => void;
  random: () => number;
}

export interface StreamListener {
  onJob: (view: JobView, event: JobEvent | null) => void;
  onConnection: (connection: Connection) => void;
  onError: (error: unknown) => void;
}

const POLL_MS = 1_500;
/** A socket that says nothing this long (the server pings every 20 s) is taken for dead. */
const SILENCE_MS = 45_000;

/** Nobody is signed in, no longer a member, no such job: no other attempt will end better. */
const FINAL_CODES = [4401, 4403, 4404];

/** Waiting time before attempt n: 0.5 s doubling to 15 s, and half of it left to chance. */
export function backoff(attempt: number, random: number): number {
  const ceiling = Math.min(15_000, 500 * 2 ** Math.min(attempt, 8));
  return ceiling / 2 + (ceiling / 2) * random;
}

/**
 * Follows one job to its end: snapshot, then numbered events by socket, by polling where the socket does not open.
 * Every event is applied once and in order; after a gap the snapshot is fetched again.
 */
export class JobStream {
  readonly #id: string;
  readonly #ports: StreamPorts;
  readonly #listener: StreamListener;
  #view: JobView | null = null;
  #socket: Socket | null = null;
  #cancelTimer: (() => void) | null = null;
  #cancelPoll: (() => void) | null = null;
  #cancelSilence: (() => void) | null = null;
  #attempt = 0;
  #closed = false;
  #syncing = false;

  constructor(id: string, ports: StreamPorts, listener: StreamListener) {
    this.#id = id;
    this.#ports = ports;
    this.#listener = listener;
  }

  /** `known` saves the first request, where the job was just created. */
  start(known?: Job): void {
    this.#listener.onConnection("connecting");
    if (known) {
      this.#take(known);
      this.#connect();
    } else {
      void this.#sync().then((done) => {
        if (done) this.#connect();
        else this.#later();
      });
    }
  }

  close(): void {
    this.#closed = true;
    this.#cancelTimer?.();
    this.#cancelPoll?.();
    this.#cancelSilence?.();
    this.#dropSocket();
  }

  /** The network is back, or the page is seen again: do not wait for the next attempt. */
  nudge(): void {
    if (this.#closed || this.#ended() || this.#socket) return;
    this.#cancelTimer?.();
    this.#attempt = 0;
    void this.#sync().then((done) => {
      if (done) this.#connect();
      else this.#later();
    });
  }

  #ended(): boolean {
    return this.#view !== null && hasEnded(this.#view.job.state);
  }

  #take(job: Job): void {
    if (this.#view && job.last_seq < this.#view.seq) return;
    this.#view = { job, seq: job.last_seq };
    this.#listener.onJob(this.#view, null);
    this.#finishIfEnded();
  }

  #finishIfEnded(): void {
    if (!this.#ended()) return;
    this.#cancelTimer?.();
    this.#cancelPoll?.();
    this.#cancelSilence?.();
    this.#dropSocket();
    this.#listener.onConnection("ended");
  }

  async #sync(): Promise<boolean> {
    if (this.#syncing) return true;
    this.#syncing = true;
    try {
      const job = await this.#ports.fetchJob(this.#id);
      if (!this.#closed) this.#take(job);
      return true;
    } catch (error) {
      if (!this.#closed) this.#listener.onError(error);
      return false;
    } finally {
      this.#syncing = false;
    }
  }

  #connect(): void {
    if (this.#closed || this.#ended() || this.#socket) return;
    const after = this.#view?.seq ?? 0;
    const socket = this.#ports.openSocket(this.#id, after, {
      onOpen: () => {
        if (this.#socket !== socket) return;
        this.#attempt = 0;
        this.#cancelPoll?.();
        this.#cancelPoll = null;
        this.#listener.onConnection("live");
        this.#watchSilence();
      },
      onFrame: (frame) => {
        if (this.#socket === socket) this.#frame(frame);
      },
      onClose: (code) => {
        if (this.#socket !== socket) return;
        this.#socket = null;
        this.#cancelSilence?.();
        if (FINAL_CODES.includes(code)) this.#refused();
        else this.#later();
      },
    });
    this.#socket = socket;
  }

  /** The snapshot says in words why, where it is refused too. */
  #refused(): void {
    this.#listener.onConnection("ended");
    void this.#sync();
  }

  #dropSocket(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #later(): void {
    if (this.#closed || this.#ended()) return;
    this.#attempt += 1;
    this.#listener.onConnection(this.#attempt === 1 ? "connecting" : "offline");
    if (this.#view && !this.#cancelPoll) this.#poll();
    this.#cancelTimer?.();
    this.#cancelTimer = this.#ports.setTimer(
      () => {
        this.#cancelTimer = null;
        if (this.#view) this.#connect();
        else this.start();
      },
      backoff(this.#attempt - 1, this.#ports.random()),
    );
  }

  #poll(): void {
    this.#cancelPoll = this.#ports.setTimer(() => {
      void this.#pollOnce();
    }, POLL_MS);
  }

  async #pollOnce(): Promise<void> {
    if (this.#closed || this.#ended() || !this.#view) return;
    try {
      const page = await this.#ports.fetchEvents(this.#id, this.#view.seq);
      if (!this.#listening()) return;
      this.#listener.onConnection("polling");
      if (page.resync) await this.#sync();
      else this.#applyAll(page.events as JobEvent[]);
    } catch {
      this.#listener.onConnection("offline");
    }
    // The socket may have opened meanwhile: then it has cleared the poll.
    if (this.#listening()) this.#poll();
  }

  #listening(): boolean {
    return !this.#closed && !this.#ended() && this.#cancelPoll !== null;
  }

  #frame(frame: unknown): void {
    this.#watchSilence();
    if (typeof frame !== "object" || frame === null) return;
    if ("resync" in frame) void this.#sync();
    else if ("events" in frame && Array.isArray(frame.events)) this.#applyAll(frame.events as JobEvent[]);
  }

  #applyAll(events: JobEvent[]): void {
    for (const event of events) {
      if (!this.#view) return;
      const next = applyEvent(this.#view, event);
      if (next === GAP) {
        void this.#sync();
        return;
      }
      if (next === this.#view) continue;
      this.#view = next;
      this.#listener.onJob(next, event);
    }
    this.#finishIfEnded();
  }

  #watchSilence(): void {
    this.#cancelSilence?.();
    this.#cancelSilence = this.#ports.setTimer(() => {
      this.#dropSocket();
      this.#later();
    }, SILENCE_MS);
  }
}
