import type { Cancel, Clock } from "../../base/clock.ts";

/** The first scans come quickly: a network that one scan missed is often heard by the next. */
const firstScans = 3;
const firstIntervalMs = 10_000;

/** When a radio that is not connected looks around by itself: at once, soon again, then at an interval. */
export class ScanSchedule {
  #intervalSeconds = 60;
  #scansDone = 0;
  #isRunning = false;
  #cancel: Cancel = () => {};

  constructor(
    private readonly clock: Clock,
    private readonly name: string,
    private readonly scan: () => void,
  ) {}

  get intervalSeconds(): number {
    return this.#intervalSeconds;
  }
  /** 0: never by itself. */
  set intervalSeconds(seconds: number) {
    this.#intervalSeconds = seconds;
    if (this.#isRunning) this.#planNext();
  }
  restart(): void {
    this.#isRunning = true;
    this.#scansDone = 0;
    this.#run();
  }
  stop(): void {
    this.#isRunning = false;
    this.#cancel();
  }
  #run(): void {
    this.#scansDone++;
    this.#planNext();
    if (this.#intervalSeconds > 0) this.scan();
  }
  #planNext(): void {
    this.#cancel();
    if (this.#intervalSeconds === 0) return;
    const ms = this.#scansDone < firstScans ? firstIntervalMs : this.#intervalSeconds * 1000;
    this.#cancel = this.clock.startTimer(`wifi-scan ${this.name}`, ms, () => this.#run());
  }
}
