/** The doctor's process: is sent one question, answers with all findings, ends. Started by `runDoctor`. */
import { once } from "node:events";
import { systemClock } from "../core/clock.ts";
import { onParentGone } from "../core/onParentGone.ts";
import { stunAnswers } from "../core/stunAnswers.ts";
import { CertificateCheck } from "../doctor/CertificateCheck.ts";
import type { Check } from "../doctor/Check.ts";
import { CodecsCheck } from "../doctor/CodecsCheck.ts";
import { DevicesCheck } from "../doctor/DevicesCheck.ts";
import { ElementsCheck } from "../doctor/ElementsCheck.ts";
import { type Examined, runChecks } from "../doctor/runChecks.ts";
import { SerialPortCheck } from "../doctor/SerialPortCheck.ts";
import { TurnCheck } from "../doctor/TurnCheck.ts";
import { iceServersOf } from "./iceServersOf.ts";
import type { DoctorQuestion } from "./runDoctor.ts";

onParentGone(() => process.exit(1));
const [question] = (await once(process, "message")) as [DoctorQuestion];
const { identity, rendezvous, serialPorts } = question;
const checks: Check[] = [new ElementsCheck(), new CodecsCheck(), new DevicesCheck()];
for (const port of serialPorts) checks.push(new SerialPortCheck(port));
if (identity) checks.push(new CertificateCheck(identity, systemClock));
if (rendezvous) checks.push(new TurnCheck((signal) => iceServersOf(rendezvous, signal), stunAnswers));
const examined: Examined[] = [];
for await (const found of runChecks(checks)) examined.push(found);
process.send?.(examined, () => process.exit(0));
