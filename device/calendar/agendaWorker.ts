/** Entry of the worker thread that reads one calendar (see `readAgendaAside`). */
import { parentPort, workerData } from "node:worker_threads";
import { type AgendaOptions, readAgenda } from "./readAgenda.ts";

const { text, options } = workerData as { text: string; options: AgendaOptions };
parentPort?.postMessage(readAgenda(text, options));
