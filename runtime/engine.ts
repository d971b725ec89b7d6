/**
 * The engine: everything that runs isolates in one process. It takes frames from one front over a link, keeps a pool of instances for
 * each loaded version, watches limits, and sends frames back.
 *
 * It opens no socket and reads no clock of its own. Invariant: each invocation frame gets exactly one outcome frame.
 */
import type { ErrorCode } from "../sdk/error-code.ts";
import { hooks } from "../sdk/phase.ts";
import { failedOutcome } from "./bridge/failed-outcome.ts";
import { FrameReader, frame, int, text } from "./bridge/frame.ts";
import { readLoad } from "./bridge/load-frame.ts";
import { condemnedReasons, toEngine, toFront, type CondemnedReason } from "./bridge/protocol.ts";
import { retirementLog } from "./bridge/retirement-log.ts";
import { chargeShares } from "./isolates/cpu-share.ts";
import { given, moved, transferable } from "./isolates/guest-buffers.ts";
import type { HeartbeatAnswer, HeartbeatWatch } from "./isolates/heartbeat-watch.ts";
import { IdleInstances } from "./isolates/idle-instances.ts";
import type { Instance } from "./isolates/instance.ts";
import type { InstanceOwner } from "./isolates/instance-owner.ts";
import { InstanceFactory, type InstanceFactoryOptions } from "./isolates/instance-factory.ts";
import { InstancePool, type InstanceSize, type StartFailure } from "./isolates/instance-pool.ts";
import { freshCounters, makeWay, sizeOf, statsOf, wallMsOf, type LoadedVersion } from "./isolates/loaded-version.ts";
import { retiringHeartbeats } from "./isolates/retiring-heartbeats.ts";
import { ReturningThreads } from "./isolates/returning-threads.ts";
import { SilenceWatch } from "./isolates/silence-watch.ts";
import { Tenants } from "./isolates/tenants.ts";
import { IdTable } from "./id-table.ts";
import type { Link } from "./link.ts";

const checkEveryMs = 5;

export interface EngineOptions extends InstanceFactoryOptions {
  /** Quick functions may run on the engine's own thread whoever else is there; else only while no other version is. */
  readonly areTrusted: boolean;
}

export class Engine implements InstanceOwner {
  readonly #link: Link;
  readonly #environment: EngineOptions["environment"];
  readonly #areTrusted: boolean;
  readonly #factory: InstanceFactory;
  readonly #versions = new Map<number, LoadedVersion>();
  readonly #instances = new Map<number, { readonly instance: Instance; readonly loaded: LoadedVersion }>();
  readonly #tenants = new Tenants<LoadedVersion>();
  readonly #placed = new IdTable<Instance>();
  readonly #waiting = new IdTable<LoadedVersion>();
  readonly #idle: IdleInstances;
  readonly #heartbeats: HeartbeatWatch<Instance>;
  readonly #touched = new Set<Instance>();
  /** Instances that a timer or an answer woke after all their invocations had ended. */
  readonly #woken = new Set<Instance>();
  readonly #silence = new SilenceWatch();
  readonly #threads: ReturningThreads;
  #checking: (() => void) | null = null;
  #processCpuMs = 0;

  constructor(link: Link, options: EngineOptions) {
    this.#link = link;
    this.#areTrusted = options.areTrusted;
    this.#environment = options.environment;
    this.#factory = new InstanceFactory(options, (key, message) => {
      this.#onCatastrophe(key, message);
    });
    this.#threads = new ReturningThreads({
      environment: options.environment,
      onStuck: (key) => {
        this.#condemn(key, "stuck");
      },
    });
    this.#idle = new IdleInstances({
      nowMs: () => options.environment.nowMs(),
      isReserved: (instance) => this.#instances.get(instance.number)?.loaded.pool.isReserved(instance) === true,
    });
    this.#heartbeats = retiringHeartbeats({
      environment: options.environment,
      loadedOf: (instance) => this.#instances.get(instance.number)?.loaded,
      onBeat: () => {
        this.#idle.evictStale();
      },
      onRetiring: (instance, reason) => {
        const [running = 0] = [...this.#placed].find(([, placed]) => placed === instance) ?? [];
        this.forward(instance, retirementLog(running, reason), []);
      },
    });
    link.onBatch = (batch, buffers) => {
      this.#receive(batch, buffers);
    };
  }

  /** Prepares spare isolates; the engine serves before it is done. */
  start(): Promise<void> {
    return this.#factory.fillSpares();
  }

  /** Stops every instance. */
  close(): void {
    this.#checking?.();
    this.#checking = null;
    for (const loaded of this.#versions.values()) loaded.pool.close("NODE_DRAINING");
    for (const { instance } of this.#instances.values()) instance.stop("NODE_DRAINING", "The node is shutting down");
    this.#factory.close();
    this.#link.close();
  }

  forward(instance: Instance, batch: string, buffers: readonly Uint8Array[]): void {
    const pieces = buffers.length === 0 ? noBuffers : buffers.map(given);
    this.#link.send(frame(toFront.fromInstance, int(instance.number) + batch, buffers.length), pieces);
  }

  onOutcome(instance: Instance, _invocationId: number, failed: boolean): void {
    const loaded = this.#instances.get(instance.number)?.loaded;
    if (loaded === undefined) return;
    loaded.invocations += 1;
    loaded.failures += failed ? 1 : 0;
    instance.isInitialized = true;
  }

  onEnded(instance: Instance, invocationId: number): void {
    this.#placed.delete(invocationId);
    const loaded = this.#instances.get(instance.number)?.loaded;
    loaded?.pool.onRoom();
    if (instance.active === 0) this.#becameIdle(instance, loaded);
  }

  mayRunHere(): boolean {
    return this.#areTrusted || this.#tenants.versions <= 1;
  }

  onWoken(instance: Instance): void {
    this.#woken.add(instance);
    this.#keepChecking();
  }

  onStopped(
    instance: Instance,
    unanswered: readonly { readonly id: number; readonly code: ErrorCode; readonly message: string }[],
  ): void {
    const entry = this.#instances.get(instance.number);
    this.#instances.delete(instance.number);
    this.#idle.forget(instance);
    this.#heartbeats.forget(instance);
    this.#touched.delete(instance);
    this.#woken.delete(instance);
    let batch = "";
    for (const { id, code, message } of unanswered) batch += failedOutcome(id, code, message);
    for (const [id, placed] of this.#placed) if (placed === instance) this.#placed.delete(id);
    if (batch !== "") this.#link.send(frame(toFront.fromInstance, int(instance.number) + batch), []);
    this.#link.send(frame(toFront.instanceGone, int(instance.number)), []);
    if (entry === undefined) return;
    this.#tenants.remove(entry.loaded);
    const { key, limits } = entry.loaded.version;
    this.#threads.expect(instance.entries, { key, memoryMiB: instance.size ?? limits.memoryMiB });
    entry.loaded.invocations += unanswered.length;
    entry.loaded.failures += unanswered.length;
    entry.loaded.cpuMsOfStopped += instance.cpuMs;
    entry.loaded.pool.remove(instance);
    this.#idle.sort(entry.loaded.pool.instances);
  }

  #receive(batch: string, buffers: readonly Uint8Array[]): void {
    const reader = new FrameReader(batch);
    let used = 0;
    while (reader.next()) {
      const own = reader.buffers === 0 ? noBuffers : buffers.slice(used, used + reader.buffers);
      used += reader.buffers;
      this.#handle(reader, own);
    }
    for (const instance of this.#touched) instance.flush();
    this.#touched.clear();
  }

  #handle(reader: FrameReader, buffers: readonly Uint8Array[]): void {
    switch (reader.kind) {
      case toEngine.invoke:
        this.#invoke(reader);
        return;
      case toEngine.toInstance:
        this.#deliver(reader, buffers);
        return;
      case toEngine.cancel:
        this.#cancel(reader.int(), reader.raw());
        return;
      case toEngine.load:
        this.#load(reader, buffers);
        return;
      case toEngine.unload:
        this.#unload(reader.int());
        return;
      case toEngine.warm:
        this.#warm(reader);
        return;
      case toEngine.reserve:
        this.#reserve(reader);
        return;
      case toEngine.stats:
        this.#done(reader.int(), JSON.stringify([...this.#versions.values()].map(statsOf)));
        return;
      case toEngine.ping:
        this.#done(reader.int(), "");
        return;
      default:
        throw new Error(`Cannot handle frame: unknown kind ${JSON.stringify(reader.kind)}`);
    }
  }

  #invoke(reader: FrameReader): void {
    const raw = reader.raw();
    const versionNumber = reader.int();
    const id = reader.int();
    const phase = hooks[reader.int()];
    const memoryMiB = reader.int();
    const loaded = this.#versions.get(versionNumber);
    if (loaded === undefined || loaded.unloading) {
      this.#refuse(id, "FUNCTION_UNAVAILABLE", "The function version is not loaded", "");
      return;
    }
    this.#waiting.set(id, loaded);
    this.#keepChecking();
    loaded.pool.admit({
      id,
      size: sizeOf(loaded.version, memoryMiB),
      run: (instance) => {
        this.#waiting.delete(id);
        this.#idle.leave(instance);
        this.#placed.set(id, instance);
        instance.invoke(id, raw, wallMsOf(loaded.version, { phase, instance }));
        this.#touch(instance);
      },
      refuse: (code, message, stack) => {
        this.#waiting.delete(id);
        loaded.invocations += 1;
        loaded.failures += 1;
        this.#refuse(id, code, message, stack);
      },
    });
  }

  /** Instance 0: the engine itself. */
  #refuse(id: number, code: ErrorCode, message: string, stack: string): void {
    this.#link.send(frame(toFront.fromInstance, int(0) + failedOutcome(id, code, message, stack)), []);
  }

  #touch(instance: Instance): void {
    if (this.#touched.size === 0) {
      this.#environment.afterTick(() => {
        for (const touched of this.#touched) touched.flush();
        this.#touched.clear();
      });
    }
    this.#touched.add(instance);
  }

  #deliver(reader: FrameReader, buffers: readonly Uint8Array[]): void {
    const entry = this.#instances.get(reader.int());
    const inner = reader.rest();
    if (entry === undefined) return;
    const copies = this.#link.givesBuffers
      ? buffers.map((bytes) => moved(bytes.buffer as ArrayBuffer))
      : buffers.map((bytes) => transferable(bytes));
    entry.instance.deliver(inner, inner.charAt(0), copies);
    this.#touch(entry.instance);
  }

  #cancel(id: number, raw: string): void {
    const loaded = this.#waiting.get(id);
    if (loaded?.pool.withdraw(id) === true) {
      this.#waiting.delete(id);
      this.#refuse(id, "REQUEST_ABORTED", "The client went away before an instance had room", "");
      return;
    }
    const instance = this.#placed.get(id);
    if (instance === undefined) return;
    instance.deliver(raw, "", []);
    this.#touch(instance);
  }

  #load(reader: FrameReader, buffers: readonly Uint8Array[]): void {
    const requestId = reader.int();
    const number = reader.int();
    const version = readLoad(reader, buffers);
    const source = this.#factory.source(version);
    const loaded: LoadedVersion = {
      version,
      source,
      pool: new InstancePool<Instance>(version.limits, (size) => this.#startInstance(loaded, size), makeWay),
      ...freshCounters,
    };
    this.#versions.set(number, loaded);
    this.#done(requestId, "");
  }

  async #startInstance(loaded: LoadedVersion, size: InstanceSize): Promise<Instance> {
    this.#idle.evictStale();
    await this.#threads.whenBack(loaded.version.key);
    this.#tenants.add(loaded);
    const instance = await this.#factory.create(loaded.source, { owner: this, size }).catch((error: unknown) => {
      this.#tenants.remove(loaded);
      throw error;
    });
    this.#instances.set(instance.number, { instance, loaded });
    this.#idle.list(instance);
    if (loaded.version.hooks.includes("heartbeat")) this.#heartbeats.watch(instance);
    return instance;
  }

  #unload(number: number): void {
    const loaded = this.#versions.get(number);
    if (loaded === undefined) return;
    loaded.unloading = true;
    this.#versions.delete(number);
    loaded.pool.close("FUNCTION_UNAVAILABLE");
    // A copy: stopping an instance takes it out of the pool.
    for (const instance of loaded.pool.instances.slice()) {
      if (instance.active === 0) instance.stop("FUNCTION_UNAVAILABLE", "The function version was unloaded");
    }
  }

  #warm(reader: FrameReader): void {
    const [requestId, number, count, below] = [reader.int(), reader.int(), reader.int(), reader.int()];
    const loaded = this.#versions.get(number);
    if (loaded === undefined) {
      this.#done(requestId, JSON.stringify({ message: "The function version is not loaded", stack: "" }));
      return;
    }
    this.#doneAfter(requestId, this.#instances.size >= below ? Promise.resolve(null) : loaded.pool.warm(count));
  }

  #reserve(reader: FrameReader): void {
    const [requestId, number, count] = [reader.int(), reader.int(), reader.int()];
    const pool = this.#versions.get(number)?.pool;
    this.#doneAfter(requestId, pool?.reserve(count) ?? Promise.resolve(null));
    if (pool !== undefined) this.#idle.sort(pool.instances);
  }

  #doneAfter(requestId: number, ready: Promise<StartFailure | null>): void {
    ready.then(
      (failure) => {
        this.#done(requestId, failure === null ? "" : JSON.stringify(failure));
      },
      () => undefined,
    );
  }

  #becameIdle(instance: Instance, loaded: LoadedVersion | undefined): void {
    if (instance.takeSubrequests() > 0) this.#link.send(frame(toFront.instanceIdle, int(instance.number)), []);
    if (loaded?.unloading !== false) instance.stop("FUNCTION_UNAVAILABLE", "The function version was unloaded");
    else if (instance.isRetired) instance.stop("FUNCTION_UNAVAILABLE", "The instance was retired");
    else this.#idle.note(instance);
  }

  onHeartbeat(instance: Instance, answer: HeartbeatAnswer): void {
    this.#heartbeats.answered(instance, answer);
  }

  #done(requestId: number, json: string): void {
    this.#link.send(frame(toFront.done, int(requestId) + text(json)), []);
  }

  /** Watches limits while anything runs, and stops watching when nothing does. */
  #keepChecking(): void {
    if (this.#checking !== null) return;
    this.#processCpuMs = this.#environment.processCpuMs();
    this.#checking = this.#environment.startTimer(checkEveryMs, () => {
      this.#checking = null;
      this.#check();
      const isIdle = this.#placed.size === 0 && this.#waiting.size === 0 && this.#woken.size === 0;
      if (!isIdle || this.#idle.areWaiting) this.#keepChecking();
    });
  }

  #check(): void {
    const nowMs = this.#environment.nowMs();
    this.#idle.look();
    const busy = new Set([...this.#placed.values(), ...this.#woken]);
    const before = this.#processCpuMs;
    this.#processCpuMs = this.#environment.processCpuMs();
    chargeShares([...busy], this.#processCpuMs - before);
    for (const instance of busy) {
      if (instance.check(nowMs)) continue;
      if (instance.entries.open === 0 && !instance.isComputing) this.#woken.delete(instance);
      if (instance.active > 0) this.#silence.look(instance);
    }
    this.#silence.keepOnly(busy);
  }

  /** V8 gave an isolate up: its thread never returns. Others go on until whoever started this process ends it. */
  #onCatastrophe(key: string, message: string): void {
    for (const { instance, loaded } of this.#instances.values()) {
      if (loaded.version.key === key) instance.stop("FUNCTION_MEMORY_LIMIT", message);
    }
    if (key !== "") this.#condemn(key, "catastrophe");
    this.#environment.onCatastrophe(message, { isAttributed: key !== "" });
  }

  #condemn(key: string, reason: CondemnedReason): void {
    this.#link.send(frame(toFront.condemned, int(condemnedReasons.indexOf(reason)) + text(key)), []);
  }
}

const noBuffers: readonly Uint8Array[] = [];
