// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the shell that fills them in
import type { Command, Option } from 'commander';
import { StartError } from '../platform/start-error.js';
import { type CommandNode, commandsUnder, optionsOf } from './command-tree.js';
import type { Run } from './output.js';
import { SHELLS } from './shells.js';

/** `budget-arbiter completion`: what a shell sources so that it completes commands and options. Made from their definition. */

export function printCompletion(run: Run, program: Command, shell: string): void {
  const places = placesOf(program);
  if (shell === 'bash') run.output.out(bashText(places));
  else if (shell === 'zsh') run.output.out(zshText(places));
  else if (shell === 'fish') run.output.out(fishText(places));
  else throw new StartError(`there is no completion for ${shell}, but for ${SHELLS.join(', ')}`, 2);
}

interface Word {
  readonly word: string;
  readonly help: string;
  /** What an option takes after it; absent: nothing. */
  readonly takes?: 'file' | 'other' | readonly string[];
}

/** What can be typed after the words that led here. */
interface Place {
  readonly path: string;
  readonly commands: readonly Word[];
  readonly options: readonly Word[];
}

function placesOf(program: Command): Place[] {
  const root: CommandNode = { path: '', command: program };
  return [root, ...commandsUnder(program)].map(({ path, command }) => ({
    path,
    commands: [...command.commands.flatMap(wordsOf), ...argumentWords(command)],
    options: [...optionsOf(command).map(optionWord), { word: '--help', help: 'print this' }],
  }));
}

/** Its aliases complete what it completes; they lead to the same place. */
function wordsOf(command: Command): Word[] {
  return [{ word: command.name(), help: command.description() }];
}

function argumentWords({ registeredArguments }: Command): Word[] {
  return registeredArguments.flatMap(({ argChoices = [] }) => argChoices.map((word) => ({ word, help: '' })));
}

function optionWord(option: Option): Word {
  const { long, flags, description, argChoices } = option;
  const word = { word: long ?? flags, help: description };
  if (!option.required && !option.optional) return word;
  if (argChoices !== undefined) return { ...word, takes: argChoices };
  return { ...word, takes: /<(file|folder|place)>/.test(flags) ? 'file' : 'other' };
}

const HEAD = '# Made by budget-arbiter completion';

/** The words that lead from one place to the next, for a `case` of a shell. */
function steps(places: readonly Place[]): string[] {
  return places.filter(({ path }) => path !== '').map(({ path }) => (path.includes(' ') ? path : ` ${path}`));
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

const words = (of: readonly Word[]): string => of.map(({ word }) => word).join(' ');

/** Which options of a place take what. */
function takers(places: readonly Place[], is: (takes: NonNullable<Word['takes']>) => boolean): string[] {
  return places.flatMap(({ path, options }) =>
    options.flatMap(({ word, takes }) => (takes !== undefined && is(takes) ? [`${path}:${word}`] : [])),
  );
}

function choices(places: readonly Place[]): (readonly [key: string, choices: readonly string[]])[] {
  return places.flatMap(({ path, options }) =>
    options.flatMap(({ word, takes }) => (Array.isArray(takes) ? [[`${path}:${word}`, takes] as const] : [])),
  );
}

/** `-o default`: where there is nothing of ours, files. */
function bashText(places: readonly Place[]): string {
  const taking = takers(places, (takes) => typeof takes === 'string');
  const lines = [
    `${HEAD}. To use it: source <(budget-arbiter completion bash)`,
    '_budget_arbiter() {',
    '  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} at= i',
    '  COMPREPLY=()',
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    '    case "$at ${COMP_WORDS[i]}" in',
    `      ${steps(places).map(quoted).join('|')}) at="\${at:+$at }\${COMP_WORDS[i]}" ;;`,
    '    esac',
    '  done',
    '  case "$at:$prev" in',
    ...choices(places).map(
      ([key, of]) =>
        `    ${quoted(key)}) COMPREPLY=($(compgen -W ${quoted(of.join(' '))} -- "$cur")); return ;;`,
    ),
    `    ${taking.map(quoted).join('|')}) return ;;`,
    '  esac',
    '  case "$at" in',
    ...places.map(
      ({ path, commands, options }) =>
        `    ${quoted(path)}) set -- ${quoted(words(commands))} ${quoted(words(options))} ;;`,
    ),
    '  esac',
    '  case "$cur" in',
    '    -*) COMPREPLY=($(compgen -W "$2" -- "$cur")) ;;',
    '    *) COMPREPLY=($(compgen -W "$1" -- "$cur")) ;;',
    '  esac',
    '}',
    'complete -o default -F _budget_arbiter budget-arbiter',
  ];
  return `${lines.join('\n')}\n`;
}

/** `path` is a name that zsh has for itself. */
function zshText(places: readonly Place[]): string {
  const described = (of: readonly Word[]) =>
    of.map(({ word, help }) => quoted(`${word}:${help.replaceAll(':', '\\:')}`)).join(' ');
  const taking = takers(places, (takes) => typeof takes === 'string');
  const lines = [
    '#compdef budget-arbiter',
    `${HEAD}. To use it: source <(budget-arbiter completion zsh)`,
    '_budget_arbiter() {',
    '  local at= i prev=${words[CURRENT-1]}',
    '  local -a commands options',
    '  for ((i = 2; i < CURRENT; i++)); do',
    '    case "$at ${words[i]}" in',
    `      ${steps(places).map(quoted).join('|')}) at="\${at:+$at }\${words[i]}" ;;`,
    '    esac',
    '  done',
    '  case "$at:$prev" in',
    ...choices(places).map(([key, of]) => `    ${quoted(key)}) compadd -- ${of.join(' ')}; return ;;`),
    `    ${taking.map(quoted).join('|')}) _files; return ;;`,
    '  esac',
    '  case "$at" in',
    ...places.map(
      ({ path, commands, options }) =>
        `    ${quoted(path)}) commands=(${described(commands)}) options=(${described(options)}) ;;`,
    ),
    '  esac',
    '  if [[ ${words[CURRENT]} == -* ]]; then _describe -o option options; else _describe command commands || _files; fi',
    '}',
    'compdef _budget_arbiter budget-arbiter',
  ];
  return `${lines.join('\n')}\n`;
}

function fishText(places: readonly Place[]): string {
  const named = ({ word, help }: Word) => `${quotedForFish(word)} -d ${quotedForFish(help)}`;
  const lines = [
    `${HEAD}. To use it: budget-arbiter completion fish | source`,
    'function __budget_arbiter_at',
    "  set -l at ''",
    '  for word in (commandline -opc)[2..-1]',
    '    switch "$at $word"',
    `      case ${steps(places).map(quotedForFish).join(' ')}`,
    '        set at (string trim -- "$at $word")',
    '    end',
    '  end',
    '  test "$at" = "$argv[1]"',
    'end',
    ...places.flatMap(({ path, commands, options }) => {
      const where = `complete -c budget-arbiter -n ${quotedForFish(`__budget_arbiter_at ${quotedForFish(path)}`)}`;
      const optionText = (option: Word) => {
        const flag = `${where} -l ${option.word.slice(2)} -d ${quotedForFish(option.help)}`;
        if (option.takes === undefined) return flag;
        if (option.takes === 'file') return `${flag} -r -F`;
        return option.takes === 'other'
          ? `${flag} -x`
          : `${flag} -x -a ${quotedForFish(option.takes.join(' '))}`;
      };
      return [...commands.map((word) => `${where} -f -a ${named(word)}`), ...options.map(optionText)];
    }),
  ];
  return `${lines.join('\n')}\n`;
}

function quotedForFish(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
