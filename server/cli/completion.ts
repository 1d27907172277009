/** `skbtracer completion bash|zsh|fish`: a script for the shell, made of the flags that there are. */
import { BACKEND_CHOICES, PROBE_BASES, STAGES } from '../../core/messages/source.ts';
import { EXPORT_FORMATS, HOP_CHOICES } from '../../core/model/export/formats.ts';
import { PROTOCOLS } from '../../core/model/filter.ts';
import { COMMAND_FLAGS, type CommandName, FORMATS } from './flags.ts';
import { usageError } from './usage.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** What may stand behind a flag: words, or what the shell itself knows or finds out. */
type Values =
  | { readonly words: readonly string[] }
  | { readonly files: true }
  /** A command that prints one a line. */
  | { readonly from: string };

const NAMESPACES = "ip netns list 2>/dev/null | cut -d' ' -f1";
const INTERFACES = 'ls /sys/class/net 2>/dev/null';
const MODULES = "cut -d' ' -f1 /proc/modules 2>/dev/null";
const FUNCTIONS = 'cut -d" " -f1 /sys/kernel/tracing/available_filter_functions 2>/dev/null';

const VALUES: Readonly<Record<string, Values>> = {
  proto: { words: PROTOCOLS },
  group: { words: PROBE_BASES },
  stage: { words: STAGES },
  backend: { words: BACKEND_CHOICES },
  source: { words: ['host', 'lab'] },
  kernel: { words: ['6.12', '6.1'] },
  tail: { words: ['drops', 'new', 'slow:10ms', '1/100'] },
  hops: { words: HOP_CHOICES },
  netns: { from: NAMESPACES },
  interface: { from: INTERFACES },
  module: { from: MODULES },
  func: { from: FUNCTIONS },
  output: { files: true },
  recording: { files: true },
  junit: { files: true },
  'ready-file': { files: true },
  recordings: { files: true },
  'recordings-tables': { words: ['on', 'off'] },
};
/** The same word means something else there. */
const OF_EXPORT: Readonly<Record<string, Values>> = { format: { words: EXPORT_FORMATS } };
const OF_OTHERS: Readonly<Record<string, Values>> = { format: { words: FORMATS } };

const COMMANDS = Object.keys(COMMAND_FLAGS) as readonly CommandName[];
/** Whose first word is a file. */
const READ_FILES: readonly CommandName[] = ['replay', 'export', 'import', 'query', 'expect', 'serve'];

interface Flag {
  readonly long: string;
  readonly short: string | undefined;
  /** Undefined: it stands alone. */
  readonly values: Values | undefined;
}

function flagsOf(command: CommandName): readonly Flag[] {
  const own = command === 'export' ? OF_EXPORT : OF_OTHERS;
  const flags: Readonly<Record<string, { readonly type: 'string' | 'boolean'; readonly short?: string }>> =
    COMMAND_FLAGS[command];
  return Object.entries(flags).map(([long, option]) => ({
    long,
    short: option.short,
    values: option.type === 'boolean' ? undefined : (own[long] ?? VALUES[long] ?? { words: [] }),
  }));
}

/** Prints the script. Resolves to the exit status. */
export async function completion(words: readonly string[]): Promise<number> {
  const [given = '', extra] = words;
  const shell = SHELLS.find((one) => one === given);
  if (shell === undefined || extra !== undefined)
    throw usageError(`completion is for one shell: ${SHELLS.join(', ')}, not '${words.join(' ')}'`);
  console.log(SCRIPTS[shell]());
  return 0;
}

const SCRIPTS: Readonly<Record<Shell, () => string>> = { bash, zsh, fish };

const text = ({ long, short }: Flag) => [`--${long}`, ...(short === undefined ? [] : [`-${short}`])];

function bash(): string {
  const cases = COMMANDS.map((command) => {
    const flags = flagsOf(command);
    const values = flags.flatMap((flag) => {
      if (flag.values === undefined) return [];
      return [`      ${text(flag).join('|')}) ${bashValues(flag.values)}; return ;;`];
    });
    const all = flags.flatMap(text).join(' ');
    const files = READ_FILES.includes(command) ? 'COMPREPLY=($(compgen -f -- "$cur"))' : ':';
    return `    ${command})
      case $prev in
${values.join('\n')}
      esac
      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '${all} --help' -- "$cur")); else ${files}; fi ;;`;
  });
  return `# bash completion of skbtracer; \`skbtracer completion bash > /etc/bash_completion.d/skbtracer\`
_skbtracer() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=trace i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${COMMANDS.join('|')}) command=\${COMP_WORDS[i]}; break ;;
      --) return ;;
      *) break ;;
    esac
  done
  if ((COMP_CWORD == 1)) && [[ $cur != -* ]]; then
    COMPREPLY=($(compgen -W '${COMMANDS.join(' ')}' -- "$cur"))
    return
  fi
  case $command in
${cases.join('\n')}
  esac
}
complete -o default -F _skbtracer skbtracer`;
}

function bashValues(values: Values): string {
  if ('files' in values) return 'COMPREPLY=($(compgen -f -- "$cur"))';
  if ('from' in values) return `COMPREPLY=($(compgen -W "$(${values.from})" -- "$cur"))`;
  return values.words.length === 0 ? ':' : `COMPREPLY=($(compgen -W '${values.words.join(' ')}' -- "$cur"))`;
}

function zsh(): string {
  const cases = COMMANDS.map((command) => {
    const specs = flagsOf(command).map((flag) => {
      const values = flag.values === undefined ? '' : `:${flag.long}:${zshValues(flag.values)}`;
      const names = text(flag);
      return names.length === 1 ? `'*${names[0]}${values}'` : `'*'{${names.join(',')}}'${values}'`;
    });
    const rest = READ_FILES.includes(command) ? "'*:file:_files'" : "'*:: :'";
    return `    ${command}) _arguments -s ${[...specs, rest].join(' ')} ;;`;
  });
  return `#compdef skbtracer
# zsh completion of skbtracer; \`skbtracer completion zsh > "\${fpath[1]}/_skbtracer"\`
_skbtracer() {
  local command=trace
  if ((CURRENT == 2)) && [[ \${words[2]} != -* ]]; then
    compadd -- ${COMMANDS.join(' ')}
    return
  fi
  case \${words[2]} in
    ${COMMANDS.join('|')}) command=\${words[2]}; shift words; ((CURRENT--)) ;;
  esac
  case $command in
${cases.join('\n')}
  esac
}
_skbtracer "$@"`;
}

function zshValues(values: Values): string {
  if ('files' in values) return '_files';
  if ('from' in values) return `{compadd -- \${(f)"$(${values.from.replaceAll("'", `'\\''`)})"}}`;
  return values.words.length === 0
    ? ' '
    : `(${values.words.map((word) => word.replaceAll(':', '\\:')).join(' ')})`;
}

function fish(): string {
  const lines = COMMANDS.flatMap((command) => {
    const others = COMMANDS.filter((one) => one !== 'trace').join(' ');
    const when =
      command === 'trace'
        ? `'not __fish_seen_subcommand_from ${others}'`
        : `'__fish_seen_subcommand_from ${command}'`;
    return flagsOf(command).map((flag) => {
      const short = flag.short === undefined ? '' : ` -s ${flag.short}`;
      return `complete -c skbtracer -n ${when} -l ${flag.long}${short}${flag.values === undefined ? '' : fishValues(flag.values)}`;
    });
  });
  const files = `'not __fish_seen_subcommand_from ${READ_FILES.join(' ')}'`;
  return [
    '# fish completion of skbtracer; `skbtracer completion fish > ~/.config/fish/completions/skbtracer.fish`',
    `complete -c skbtracer -n ${files} -f`,
    `complete -c skbtracer -n __fish_use_subcommand -a '${COMMANDS.join(' ')}'`,
    ...lines,
  ].join('\n');
}

function fishValues(values: Values): string {
  if ('files' in values) return ' -r -F';
  if ('from' in values) return ` -x -a "(${values.from.replaceAll('"', '\\"')})"`;
  return values.words.length === 0 ? ' -x' : ` -x -a '${values.words.join(' ')}'`;
}
