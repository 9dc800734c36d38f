import ICAL from "ical.js";
import { RoomError } from "../core/RoomError.ts";

/**
 * Steps that reading a calendar may take. A step is one advance of a recurrence's date, found or not: a rule can be written that never
 * finds one (every 30th of February), and the library would look for it forever inside one call.
 */
export class StepBudget {
	#left: number;

	constructor(steps: number) {
		this.#left = steps;
	}

	get left(): number {
		return this.#left;
	}

	/** Throws `calendar.rule_too_long` when nothing is left. */
	spend(steps: number): void {
		this.#left -= steps;
		if (this.#left < 0) throw new RoomError("calendar.rule_too_long", "a recurrence takes too many steps");
	}
}

/** Looking through one year for days costs about as much as this many single steps. */
const YEAR_STEPS = 40;

/** The library's iterator over one RRULE (RFC 5545 §3.3.10), which gives up when its budget is spent. */
export class BoundedIterator extends ICAL.RecurIterator {
	// Declared, not initialised: the parent's constructor already iterates, and ends in `fromData`.
	declare budget: StepBudget;

	constructor(options: { rule: ICAL.Recur; dtstart: ICAL.Time; budget: StepBudget }) {
		super(options);
	}

	override fromData(options: { rule: ICAL.Recur; dtstart: ICAL.Time; budget: StepBudget }): void {
		this.budget = options.budget;
		super.fromData(options);
	}

	override increment_monthday(days: number): void {
		this.budget.spend(1);
		super.increment_monthday(days);
	}

	override increment_month(): void {
		this.budget.spend(1);
		super.increment_month();
	}

	override increment_year(years: number): void {
		this.budget.spend(YEAR_STEPS);
		super.increment_year(years);
	}

	override increment_generic(step: number, attribute: string, factor: number, next: string): void {
		this.budget.spend(1);
		super.increment_generic(step, attribute, factor, next);
	}

	override next(again?: boolean): ICAL.Time {
		this.budget.spend(1);
		return super.next(again);
	}
}
