import { outcomeTable } from '@agent-jobs/k8s-job-runner'

/** What a code means and what to do about it. */
export interface CodeMeaning {
  readonly means: string
  readonly todo: string
}

/** Codes that take both the agent's output and the Job's outcome to decide. */
const joined = {
  no_result: {
    means: 'The agent exited with 0 and printed no result.',
    todo: 'Read the end of its transcript.',
  },
  output_unreadable: {
    means: "The agent's output could not be read, so its result is not known.",
    todo: 'Correct what the message names (permission for `pods/log`, kubelet certificate). The work may have been done.',
  },
  image_lacks: {
    means: 'The image lacks a program that the run needs: the agent, node or a shell.',
    todo: 'Use an image that has it, or correct the name of the command or PATH.',
  },
} as const satisfies Record<string, CodeMeaning>

/** The parsers' common vocabulary. */
const agent = {
  auth_failed: { means: 'The model API refused the credentials.', todo: 'Correct the key, token or login.' },
  billing_required: { means: 'The account has no funds.', todo: 'Add funds, or use another account.' },
  quota_exhausted: { means: 'A usage limit is reached.', todo: 'Wait until it resets, or use another account.' },
  rate_limited: { means: 'Too many requests, also after retries.', todo: 'Retry later.' },
  overloaded: { means: 'The model is overloaded.', todo: 'Retry later; consider a fallback model.' },
  upstream_error: { means: 'The model API failed.', todo: 'Retry later.' },
  bad_request: { means: 'The model API refused the request.', todo: 'Read the message.' },
  model_unavailable: { means: 'The account has no such model.', todo: 'Choose another model.' },
  model_refusal: { means: 'The model refused to answer.', todo: 'Change the task.' },
  context_overflow: {
    means: 'The conversation is longer than the model can read.',
    todo: 'Start a new session.',
  },
  output_limit: { means: 'The answer was longer than the model may write.', todo: 'Ask for less at once.' },
  max_turns: { means: 'The limit of turns is reached.', todo: 'Raise it, or ask for less.' },
  max_budget: { means: 'The cost limit of the run is reached.', todo: 'Raise it, or ask for less.' },
  structured_output_failed: { means: 'The answer does not match the schema.', todo: 'Simplify the schema.' },
  session_unavailable: { means: 'The session does not exist or is in use.', todo: 'Start a new session.' },
  interrupted: { means: 'The agent was interrupted.', todo: 'Run it again.' },
  truncated: {
    means: 'The output ends in the middle of the work: the agent was killed, or its output was lost.',
    todo: 'Read in the message what happened to the pod.',
  },
  empty_response: { means: 'The model answered with nothing.', todo: 'Run it again.' },
  start_failed: {
    means: 'The agent itself could not start.',
    todo: "Read the message; it holds the agent's own text.",
  },
  agent_failed: { means: 'The agent failed without naming a reason.', todo: 'Read the end of its transcript.' },
} as const satisfies Record<string, CodeMeaning>

/** The codes of failed runs that every agent has, by where they come from. Outcomes of Jobs have their own table. */
export const runCodeTable = { joined, agent, outcome: outcomeTable } as const

/** Codes by which a parser reports that something is missing from the output. They are valid only for complete output. */
export const silenceCodes: ReadonlySet<string> = new Set(['start_failed', 'empty_response', 'truncated'])
