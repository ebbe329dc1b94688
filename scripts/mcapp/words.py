"""What every command says, in both languages."""

from mcapp.messages import Words

INTERRUPTED = Words(
    "error: interrupted. Run the same command again to go on.",
    "error: 已中斷。請再次執行相同的指令以繼續。",
)
INTERNAL = Words(
    "error: the program itself is at fault: {why} ({where}). Report this line; {debug}=1 shows more.",
    "error: 程式本身發生錯誤：{why}（{where}）。請回報此行；設定 {debug}=1 可顯示更多資訊。",
)
DEPRECATED = Words(
    "warning: {old} is deprecated and goes with the next version; use {new}.",
    "warning: {old} 已不建議使用，將於下一版移除；請改用 {new}。",
)
OUT_OF_RANGE = Words(
    "{option} must be a number from {least} to {most}, not {given}.",
    "{option} 必須是 {least} 到 {most} 的數字，不可為 {given}。",
)
OUT_OF_RANGE_WHOLE = Words(
    "{option} must be a whole number from {least} to {most}, not {given}.",
    "{option} 必須是 {least} 到 {most} 的整數，不可為 {given}。",
)
NO_NAME = Words(
    "{option} must be a name in Kubernetes: at most {most} of the characters a-z, 0-9, - and ., not {given}.",
    "{option} 必須是 Kubernetes 的名稱：最多 {most} 個 a-z、0-9、- 與 . 字元，不可為 {given}。",
)
NO_COMMAND = Words(
    "{option} must be a command, not {given}.",
    "{option} 必須是指令，不可為 {given}。",
)
NO_SPACE = Words(
    "error: what was to be written found no space: {why}.",
    "error: 沒有空間可寫入：{why}。",
)
UNKNOWN_TOOL = Words(
    "There is no tool {name}. The tools are {tools}.",
    "沒有名為 {name} 的工具。可用的工具有 {tools}。",
)

# How far a step is.
SECONDS = Words("{seconds} s", "{seconds} 秒")
BYTES = Words("{done} MB", "{done} MB")
BYTES_OF = Words("{done} of {total} MB", "{done} / {total} MB")
METERED = Words("{seconds}, {bytes}", "{seconds}，{bytes}")
DONE_IN = Words("done in {since}", "完成，費時 {since}")
