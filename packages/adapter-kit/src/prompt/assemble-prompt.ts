import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'
import {
  DEFAULT_PAPERCLIP_AGENT_PROMPT_TEMPLATE,
  DEFAULT_PAPERCLIP_CONVERSATION_PROMPT_TEMPLATE,
  asString,
  isPaperclipRecoveryWakePayload,
  joinPromptSections,
  renderPaperclipWakePrompt,
  renderTemplate,
  selectPaperclipTaskMarkdown,
} from '@paperclipai/adapter-utils/server-utils'

/** The prompt and how long each part of it is. */
export interface AssembledPrompt {
  prompt: string
  metrics: Record<string, number>
}

/** Parts of the prompt besides Paperclip's context. */
export interface PromptParts {
  ctx: Pick<AdapterExecutionContext, 'runId' | 'agent' | 'context'>
  promptTemplate: string | undefined
  bootstrapPromptTemplate: string | undefined
  resumed: boolean
  /** Precedes everything else: instructions and skills of agents that have no other way to receive them. */
  lead?: readonly string[]
}

/** Assembles the prompt in Paperclip's order, with Paperclip's own renderers. */
export function assemblePrompt({
  ctx,
  promptTemplate,
  bootstrapPromptTemplate,
  resumed,
  lead = [],
}: PromptParts): AssembledPrompt {
  const { agent, context, runId } = ctx
  const conversationMode = context['conversationMode'] === true
  const data = {
    agentId: agent.id,
    companyId: agent.companyId,
    runId,
    company: { id: agent.companyId },
    agent,
    run: { id: runId, source: 'on_demand' },
    context,
  }
  const bootstrap = !resumed && bootstrapPromptTemplate ? renderTemplate(bootstrapPromptTemplate, data).trim() : ''
  const task = selectPaperclipTaskMarkdown(context, { resumedSession: resumed })
  const wake = renderPaperclipWakePrompt(context['paperclipWake'], {
    resumedSession: resumed,
    conversationMode,
    suppressIssueDescription: task.length > 0,
  })
  const handoff = asString(context['paperclipSessionHandoffMarkdown'], '').trim()
  const template =
    promptTemplate ??
    (conversationMode ? DEFAULT_PAPERCLIP_CONVERSATION_PROMPT_TEMPLATE : DEFAULT_PAPERCLIP_AGENT_PROMPT_TEMPLATE)
  const suppressed = (resumed && wake.length > 0) || isPaperclipRecoveryWakePayload(context['paperclipWake'])
  const heartbeat = suppressed ? '' : renderTemplate(template, data)
  const prompt = joinPromptSections([...lead, bootstrap, wake, handoff, task, heartbeat])
  return {
    prompt,
    metrics: {
      promptChars: prompt.length,
      bootstrapPromptChars: bootstrap.length,
      wakePromptChars: wake.length,
      sessionHandoffChars: handoff.length,
      taskContextChars: task.length,
      heartbeatPromptChars: heartbeat.length,
      ...(lead.length > 0 ? { instructionsChars: lead.join('').length } : {}),
    },
  }
}
