"""What every command says, in both languages."""

from mcapp.messages import Words

INTERRUPTED = Words(
    "error: interrupted. Run the same command again to go on.",
    "error: 已中斷。請再次執行相同的指令以繼續。",
)
DEPRECATED = Words(
    "warning: {old} is deprecated and goes with the next version; use {new}.",
    "warning: {old} 已不建議使用，將於下一版移除；請改用 {new}。",
)
UNKNOWN_TOOL = Words(
    "There is no tool {name}. The tools are {tools}.",
    "沒有名為 {name} 的工具。可用的工具有 {tools}。",
)
