import { errorMessage } from '@agent-jobs/primitives'
import type { RunCommand } from '@agent-jobs/k8s-job-runner'
import type { RunPlan } from '../plan/plan-run.ts'
import { canWriteForPods } from '../volume/pod-user.ts'
import type { VolumePlace } from '../volume/held-folder.ts'
import { runFile } from '../volume/run-file.ts'
import { writeTokens } from './run-tokens.ts'

/** Paperclip's API as the launcher offers it on the pod's loopback. */
export interface PaperclipProxy {
  spec: NonNullable<RunCommand['proxy']>
  /** The file of tokens where this server sees it. */
  file: VolumePlace
}

function isHttpUrl(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
}

/**
 * Prepares the proxy of a new run: its token goes to a file that only server and pod read, and that a later run which
 * adopts the Job extends. Null when the agent gets its token itself, with the reason if it matters.
 */
export async function openProxy(
  plan: RunPlan,
  authToken: string | undefined,
): Promise<{ proxy: PaperclipProxy | null; warning: string | null }> {
  const { settings, run, apiUrl } = plan
  const { tokenPath } = plan.places
  const file = runFile(plan, tokenPath, run.runId)
  const none = { proxy: null, warning: null }
  if (!settings.paperclipProxy || !authToken || tokenPath === null || file === null) return none
  if (apiUrl === null || !isHttpUrl(apiUrl) || !canWriteForPods()) return none
  try {
    await writeTokens(file, [{ token: authToken, runId: run.runId, github: plan.githubCapability ?? undefined }])
  } catch (error) {
    const warning = `The run's token cannot be kept on the data volume, so the agent gets it itself and loses it when Paperclip restarts: ${errorMessage(error)}`
    return { proxy: null, warning }
  }
  return {
    proxy: {
      spec: {
        targetUrl: apiUrl,
        tokenFile: tokenPath,
        envUrl: 'PAPERCLIP_API_URL',
        envToken: 'PAPERCLIP_API_KEY',
      },
      file,
    },
    warning: null,
  }
}
