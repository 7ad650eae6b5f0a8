import type { Command, Option } from 'commander'
import { createProgram } from '../src/program.ts'
import { fakeTerminal } from './fake-terminal.ts'

/** One option of one command. */
export interface ProgramFlag {
  /** Such as `run --cpu`. */
  readonly name: string
  readonly command: readonly string[]
  readonly option: Option
  /** What its value is called, such as `span`; undefined for a switch. */
  readonly value: string | undefined
}

/** Every option of every command, those of the program itself included. */
export function programFlags(): ProgramFlag[] {
  return flagsOf(createProgram(fakeTerminal(), () => undefined))
}

/** Every command that does something, as its words. */
export function programCommands(): string[][] {
  return leavesOf(createProgram(fakeTerminal(), () => undefined))
}

function leavesOf(command: Command, path: readonly string[] = []): string[][] {
  return command.commands.flatMap((child) => {
    const own = [...path, child.name()]
    return child.commands.length === 0 ? [own] : leavesOf(child, own)
  })
}

function flagsOf(command: Command, path: readonly string[] = []): ProgramFlag[] {
  const own = command.options.map((option) => ({
    name: [...path, option.long ?? option.short ?? ''].join(' '),
    command: path,
    option,
    value: /<([^>]+)>/.exec(option.flags)?.[1],
  }))
  return [...own, ...command.commands.flatMap((child) => flagsOf(child, [...path, child.name()]))]
}
