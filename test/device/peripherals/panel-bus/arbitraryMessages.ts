import fc from "fast-check";
import { lights } from "../../../../device/peripherals/model/PanelBus.ts";
import { MOST_STATES, type PanelBusMessage, refusals } from "../../../../device/peripherals/panel-bus/messages.ts";

const byte = fc.integer({ min: 0, max: 255 });
const counter = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const state = fc.record({
	muteKey: fc.boolean(),
	shutterClosed: fc.boolean(),
	shutterByHand: fc.boolean(),
	occupied: fc.boolean(),
});
const text = (maxLength: number) =>
	fc.array(fc.integer({ min: 0x20, max: 0x7e }), { maxLength }).map((characters) => String.fromCharCode(...characters));
const named = <Name extends PanelBusMessage["name"], Rest extends object>(name: Name, rest: fc.Arbitrary<Rest>) =>
	rest.map((fields) => ({ name, ...fields }));

/** Every message that either end may say, with every value that it may have. */
export const messages: fc.Arbitrary<PanelBusMessage> = fc.oneof(
	named("hello", fc.record({ lowest: byte, highest: byte })),
	named("beat", fc.constant({})),
	named("recall", fc.record({ counter })),
	named("set_light", fc.record({ light: fc.constantFrom(...lights) })),
	named("set_shutter", fc.record({ closed: fc.boolean() })),
	named("set_mute_lamp", fc.record({ on: fc.boolean() })),
	named(
		"identity",
		fc.record({
			lowest: byte,
			highest: byte,
			parts: fc.integer({ min: 0, max: 0xffff }),
			model: text(32),
			firmware: text(16),
		}),
	),
	named("report", fc.record({ counter, state, broken: fc.integer({ min: 0, max: 0xffff }) })),
	named("history", fc.record({ counter, states: fc.array(state, { minLength: 1, maxLength: MOST_STATES }) })),
	named("done", fc.record({ of: byte })),
	named("refused", fc.record({ of: byte, refusal: fc.constantFrom(...refusals) })),
	named("noise", fc.record({ badBytes: fc.integer({ min: 0, max: 0xffff }) })),
);
