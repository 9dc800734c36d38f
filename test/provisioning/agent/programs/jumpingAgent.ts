/** The agent as a process whose time a test can move, by messages `{ jumpMs }`: a probation takes ten minutes. */
import { parseArgs } from "node:util";
import { jsonLog } from "../../../../device/core/log.ts";
import { Agent } from "../../../../provisioning/agent/Agent.ts";
import { readAgentConfig } from "../../../../provisioning/agent/AgentConfig.ts";
import { JumpingClock } from "./JumpingClock.ts";

const { values } = parseArgs({ options: { config: { type: "string" } } });
const clock = new JumpingClock();
const end = (code: number) => void agent.close().finally(() => process.exit(code));
const agent = await Agent.start({
	config: await readAgentConfig(String(values.config)),
	log: jsonLog({ write: (line) => process.stderr.write(line), level: "debug" }),
	clock,
	broken: () => end(1),
	restart: () => end(0),
});
process.on("message", ({ jumpMs }: { jumpMs: number }) => clock.jump(jumpMs));
process.on("disconnect", () => end(0));
process.send?.({ ready: true });
