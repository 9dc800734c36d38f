/** How often a slot is started before the other one's turn comes, unless it is marked good in between. */
export const TRIES = 3;

const slots = [
	{ name: "A", partition: "gpt2" },
	{ name: "B", partition: "gpt3" },
] as const;

/** What GRUB remembers, by RAUC's names (its manual, "GRUB"): order of slots, whether each is usable, tries since it was last good. */
const variables = ["ORDER", ...slots.flatMap(({ name }) => [`${name}_OK`, `${name}_TRY`])].join(" ");

/** What the other slot is told of one whose kernel image is damaged or signed by a stranger. */
export const UNREADABLE = "incamera.unreadable";

/** Command line of the kernel. The last console is where the start tells what it does. */
const kernel = [
	"root=/dev/mapper/root rootfstype=squashfs ro",
	"console=tty0 console=ttyS0,115200 quiet loglevel=3 vt.global_cursor_default=0",
	"panic=10 oops=panic net.ifnames=0 systemd.gpt_auto=0 systemd.show_status=0 rd.systemd.show_status=0",
	"lockdown=confidentiality slab_nomerge init_on_alloc=1 vsyscall=none",
].join(" ");

/** Of an installer: its own units, nothing of the machine's own disk opened, and `/var` in memory (systemd-fstab-generator(8), systemd.volatile). */
const install = "incamera.install systemd.unit=incamera-installer.target fstab=no luks=no systemd.volatile=state";

/** Modules, the serial line, and the disk that the loader itself came from. */
const beginning = `insmod part_gpt
insmod fat
insmod squash4
serial --unit=0 --speed=115200
terminal_output console serial
terminal_input console
set timeout=0
set pager=0
regexp --set=1:disk '^\\(?([^,)]*),' "$cmdpath"`;

/**
 * GRUB's configuration on a device. It lies in the signed loader itself; all that comes from outside is the memory of tries, of which only known
 * variables are taken and only known values heeded.
 *
 * There are two copies of that memory, written one after the other: a power cut spoils one at most. If neither can be read both slots are
 * tried in turn within one start; if neither slot can be started, a technician can read why.
 */
export function loaderConfig(): string {
	return `${beginning}
set memory="($disk,gpt1)/grub/grubenv"
set copy="($disk,gpt1)/grub/grubenv.copy"

set ORDER=""
load_env --skip-sig --file "$copy" ${variables}
set known="$ORDER"
set ORDER=""
load_env --skip-sig --file "$memory" ${variables}
if [ "$ORDER" != "A B" -a "$ORDER" != "B A" ]; then
  if [ "$known" = "A B" -o "$known" = "B A" ]; then
    echo "incamera: memory of starts damaged, its copy is used"
    load_env --skip-sig --file "$copy" ${variables}
  else
    echo "incamera: memory of starts damaged, both slots are tried"
    set ORDER="A B"
    set A_OK=1
    set B_OK=1
    set A_TRY=0
    set B_TRY=0
  fi
fi

set chosen=""
for slot in $ORDER; do
  if [ "$slot" = A ]; then set ok="$A_OK"; set try="$A_TRY"; else set ok="$B_OK"; set try="$B_TRY"; fi
${indent(nextTry())}
  if [ -z "$chosen" -a "$ok" = 1 -a -n "$next" ]; then
    set chosen="$slot"
    if [ "$slot" = A ]; then set A_TRY="$next"; else set B_TRY="$next"; fi
  fi
done
set more=""
if [ -z "$chosen" ]; then
  # both have had their tries: begin anew, and stay in whatever starts
  echo "incamera: no slot has proved itself; trying all again"
  set A_OK=1
  set B_OK=1
  set A_TRY=1
  set B_TRY=0
  if [ "$ORDER" = "B A" ]; then set chosen=B; set A_TRY=0; set B_TRY=1; else set chosen=A; fi
  set more="incamera.exhausted"
fi
save_env --file "$memory" ${variables}
save_env --file "$copy" ${variables}
echo "incamera: starting slot $chosen (tries A $A_TRY, B $B_TRY)"

# the other one follows where this one can't even be read
if [ "$chosen" = A ]; then set turns="A B"; else set turns="B A"; fi
for slot in $turns; do
${slots.map(({ name, partition }) => `  if [ "$slot" = ${name} ]; then set part=${partition}; fi`).join("\n")}
  set root="$disk,$part"
  if chainloader ($disk,$part)/linux.efi rauc.slot=$slot ${kernel} $more; then
    boot
  fi
  echo "incamera: slot $slot can't be started"
  set more="$more ${UNREADABLE}=$slot"
done
echo ""
echo "InCamera can't start: neither copy of its system can be read."
echo "InCamera startet nicht: keine der beiden Kopien des Systems ist lesbar."
echo "Flash it again / neu aufspielen: docs/image.md"
sleep 60
reboot
`;
}

/** GRUB's configuration on the installer's stick, which has one slot. */
export function stickLoaderConfig(): string {
	return `${beginning}
echo "incamera: starting the installer"
set root="$disk,gpt2"
if chainloader ($disk,gpt2)/linux.efi rauc.slot=installer ${kernel} ${install}; then
  boot
fi
echo ""
echo "This stick can't be read, or was signed by somebody else: write it again."
echo "Dieser Stick ist nicht lesbar oder von jemand anderem signiert: neu schreiben."
sleep 60
reboot
`;
}

/** GRUB can't add: each count has the one after it; the last has none. */
function nextTry(): string {
	const cases = Array.from({ length: TRIES }, (_, tries) => `if [ "$try" = ${tries} ]; then set next=${tries + 1}; fi`);
	return ['set next=""', ...cases].join("\n");
}

const indent = (text: string): string => text.replaceAll(/^/gm, "  ");
