import type { RunReport } from './run-report.ts'
import { lackOf } from './wrapper.ts'

/** The report of a run that ended because its image lacks a program, with that as its error. */
export function withLack(report: RunReport, { image, agent }: { image: string; agent: string }): RunReport {
  const lack = report.outcome === 'exited' ? lackOf(report.exitCode) : undefined
  if (lack === undefined) return report
  const [name, need] = {
    agent: [agent, 'it is what the run starts'],
    git: ['git', '--git needs it'],
    tar: ['tar', '--copy-in and --copy-out need it'],
    base64: ['base64', '--copy-out needs it'],
  }[lack]
  const errorMessage = `The image ${image} has no ${name} on its PATH: ${need}. Use an image that has it, such as the default of --image.`
  return { ...report, errorCode: 'image_lacks', errorMessage }
}
