import { agentSettings } from './agent-settings.ts'
import { clusterSettings } from './cluster-settings.ts'
import { environmentSettings } from './environment-settings.ts'
import { limitSettings } from './limit-settings.ts'
import { podSettings } from './pod-settings.ts'
import { schedulingSettings } from './scheduling-settings.ts'

/** Settings of every agent, by the names that users of the earlier adapters know. Spread them into a `z.object`. */
export const commonSettings = {
  ...clusterSettings,
  ...schedulingSettings,
  ...limitSettings,
  ...environmentSettings,
  ...podSettings,
  ...agentSettings,
} as const
