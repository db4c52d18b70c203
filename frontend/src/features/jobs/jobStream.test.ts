import { describe, expect, it } from "vitest";
import type { Job, JobEvent } from "../../api/types";
import { makeJob, STORY } from "../../testing/job";
import { applyEvent, GAP } from "./jobState";
import { backoff, type Connection, JobStream, type SocketHandlers } from "./jobStream";

/** A server whose story grows, sockets that a test opens and breaks, and a clock that it moves. */
class World {
  story: JobEvent[] = [];
  sockets: { after: number; handlers: SocketHandlers; open: boolean }[] = [];
  timers: { run: () => void; at: number }[] = [];
  now = 0;
  online = true;
  fetches = 0;
  seen: number[] = [];
  job: Job | null = null;
  connections: Connection[] = [];
  errors: unknown[] = [];
  stream: JobStream;

  constructor() {
    this.stream = new JobStream(
      "job-1",
      {
        fetchJob: () => {
          this.fetches += 1;
          return this.online ? Promise.resolve(this.snapshot()) : Promise.reject(new Error("offline"));
        },
        fetchEvents: (_, after) =>
          this.online
            ? Promise.resolve({ events: this.story.filter(({ seq }) => seq > after), last_seq: this.lastSeq(), resync: false })
            : Promise.reject(new Error("offline")),
        openSocket: (_, after, handlers) => {
          const socket = { after, handlers, open: true };
          this.sockets.push(socket);
          return { close: () => (socket.open = false) };
        },
        setTimer: (run, milliseconds) => {
          const timer = { run, at: this.now + milliseconds };
          this.timers.push(timer);
          return () => (this.timers = this.timers.filter((other) => other !== timer));
        },
        random: () => 0.5,
      },
      {
        onJob: ({ job }, event) => {
          this.job = job;
          if (event) this.seen.push(event.seq);
        },
        onConnection: (connection) => this.connections.push(connection),
        onError: (error) => this.errors.push(error),
      },
    );
  }

  lastSeq(): number {
    return this.story.at(-1)?.seq ?? 1;
  }

  snapshot(): Job {
    return this.story.reduce<{ job: Job; seq: number }>((view, event) => {
      const next = applyEvent(view, event);
      return next === GAP ? view : next;
    }, { job: makeJob(), seq: 1 }).job;
  }

  get socket() {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("no socket was opened");
    return socket;
  }

  send(...events: JobEvent[]): void {
    this.socket.handlers.onFrame({ events });
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  }

  async pass(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds;
    for (;;) {
      const [next] = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.now = next.at;
      next.run();
      await this.settle();
    }
    this.now = end;
  }
}

describe("following a job", () => {
  it("begins with the snapshot and asks the socket for what comes after it", async () => {
    const world = new World();
    world.story = STORY.slice(0, 2);
    world.stream.start();
    await world.settle();
    expect(world.socket.after).toBe(3);
    world.socket.handlers.onOpen();
    world.send(...STORY.slice(2));
    expect(world.seen).toEqual([4, 5, 6, 7, 8]);
    expect(world.job?.state).toBe("finished");
    expect(world.connections.at(-1)).toBe("ended");
    expect(world.socket.open).toBe(false);
  });

  it("needs no snapshot of a job that was just created", () => {
    const world = new World();
    world.stream.start(makeJob());
    expect(world.fetches).toBe(0);
    expect(world.socket.after).toBe(1);
  });

  it("applies every event once, in order, over a lost connection", async () => {
    const world = new World();
    world.stream.start(makeJob());
    world.socket.handlers.onOpen();
    world.send(...STORY.slice(0, 3));
    world.socket.handlers.onClose(1006);
    await world.pass(1_000);
    expect(world.sockets).toHaveLength(2);
    expect(world.socket.after).toBe(4);
    world.socket.handlers.onOpen();
    world.send(...STORY.slice(1));
    expect(world.seen).toEqual([2, 3, 4, 5, 6, 7, 8]);
  });

  it("fetches the job anew after a gap", async () => {
    const world = new World();
    world.stream.start(makeJob());
    world.socket.handlers.onOpen();
    world.story = STORY.slice(0, 5);
    const late = STORY[4];
    if (late) world.send(late);
    expect(world.seen).toEqual([]);
    await world.settle();
    expect(world.fetches).toBe(1);
    expect(world.job?.last_seq).toBe(6);
    world.send(...STORY.slice(5));
    expect(world.job?.state).toBe("finished");
  });

  it("fetches the job anew when the server asks for it", async () => {
    const world = new World();
    world.stream.start(makeJob());
    world.socket.handlers.onOpen();
    world.story = STORY;
    world.socket.handlers.onFrame({ resync: true });
    await world.settle();
    expect(world.job?.state).toBe("finished");
  });

  it("asks for events while no socket opens, and sees the job through", async () => {
    const world = new World();
    world.stream.start(makeJob());
    world.socket.handlers.onClose(1006);
    world.story = STORY.slice(0, 4);
    await world.pass(2_000);
    expect(world.connections).toContain("polling");
    expect(world.seen).toEqual([2, 3, 4, 5]);
    world.story = STORY;
    await world.pass(2_000);
    expect(world.job?.state).toBe("finished");
    expect(world.timers).toHaveLength(0);
  });

  it("says that it is offline, and goes on when the server is back", async () => {
    const world = new World();
    world.stream.start(makeJob());
    world.socket.handlers.onClose(1006);
    world.online = false;
    await world.pass(2_000);
    expect(world.connections.at(-1)).toBe("offline");
    world.online = true;
    world.story = STORY;
    await world.pass(3_000);
    expect(world.job?.state).toBe("finished");
  });

  it("takes a socket that says nothing for dead", async () => {
    const world = new World();
    world.stream.start(makeJob());
    world.socket.handlers.onOpen();
    await world.pass(44_000);
    world.socket.handlers.onFrame({ ping: true });
    await world.pass(44_000);
    expect(world.sockets).toHaveLength(1);
    await world.pass(3_000);
    expect(world.sockets.length).toBeGreaterThan(1);
  });

  it("does not knock again where it is not let in", async () => {
    const world = new World();
    world.stream.start(makeJob());
    world.socket.handlers.onClose(4404);
    await world.pass(60_000);
    expect(world.sockets).toHaveLength(1);
    expect(world.timers).toHaveLength(0);
  });

  it("opens nothing for a job that has ended", async () => {
    const world = new World();
    world.story = STORY;
    world.stream.start();
    await world.settle();
    expect(world.sockets).toHaveLength(0);
    expect(world.connections.at(-1)).toBe("ended");
  });
});

describe("waiting before the next attempt", () => {
  it("doubles up to 15 s and leaves half of it to chance", () => {
    expect(backoff(0, 0)).toBe(250);
    expect(backoff(0, 1)).toBe(500);
    expect(backoff(3, 1)).toBe(4_000);
    expect(backoff(50, 1)).toBe(15_000);
    expect(backoff(50, 0)).toBe(7_500);
  });
});
