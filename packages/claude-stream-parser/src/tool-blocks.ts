/** `tool_use`, and the calls that the provider executes itself: `server_tool_use`, `mcp_tool_use`. */
export function isToolCall(blockType: string | null): boolean {
  return blockType === 'tool_use' || (blockType !== 'text' && blockType?.endsWith('_tool_use') === true)
}

/** `tool_result`, `web_search_tool_result`, `mcp_tool_result`, … */
export function isToolResult(blockType: string | null): boolean {
  return blockType === 'tool_result' || blockType?.endsWith('_tool_result') === true
}
