import type { ServerAdapterModule } from '@paperclipai/adapter-utils'

type ListSkills = NonNullable<ServerAdapterModule['listSkills']>

/** What Paperclip passes to list skills. */
export type AdapterSkillContext = Parameters<ListSkills>[0]

/** What Paperclip's skills tab shows. */
export type AdapterSkillSnapshot = Awaited<ReturnType<ListSkills>>
