"""What every command says, in both languages."""

from mcapp.messages import Words

ERROR = Words("error: ", "錯誤：")
INTERRUPTED = Words(
    "error: interrupted. Run the same command again to go on.",
    "錯誤：已中斷。請再次執行相同的指令以繼續。",
)
INTERNAL = Words(
    "error: the program itself is at fault: {why} ({where}). Report this line; {debug}=1 shows more.",
    "錯誤：程式本身發生錯誤：{why}（{where}）。請回報此行；設定 {debug}=1 可顯示更多資訊。",
)
WARNING = Words("warning: {what}", "警告：{what}")
DEPRECATED = Words(
    "warning: {old} is deprecated and goes with the next version; use {new}.",
    "警告：{old} 已不建議使用，將於下一版移除；請改用 {new}。",
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
NO_PACKAGE = Words(
    "The Python package {package} is not installed.",
    "尚未安裝 Python 套件 {package}。",
)
NO_PACKAGE_REMEDY = Words(
    "Run `pip install pyyaml jsonschema`, or on Debian and Ubuntu "
    "`sudo apt install python3-yaml python3-jsonschema`.",
    "請執行 `pip install pyyaml jsonschema`；在 Debian 與 Ubuntu 上執行 "
    "`sudo apt install python3-yaml python3-jsonschema`。",
)
ARGUMENTS = Words("{why}.", "{why}。")
ARGUMENTS_REMEDY = Words("See `{program} --help`.", "請見 `{program} --help`。")

# What `--help` says.
PURPOSE = Words(
    "The tools of mcapp under one command; mcapp TOOL --help explains each.",
    "mcapp 的所有工具；mcapp TOOL --help 會說明各個工具。",
)
EXAMPLE = Words("example:", "範例：")
EXIT_CODES = Words("exit codes: {codes}", "結束代碼：{codes}")
EXITS: dict[str, Words] = {
    "OK": Words("ok", "成功"),
    "DIFFERS": Words("differs", "不符"),
    "USAGE": Words("usage", "用法錯誤"),
    "UNREACHABLE": Words("unreachable", "無法連線"),
    "NO_PLACEMENT": Words("no placement", "無處可放"),
    "FAILED": Words("failed", "失敗"),
    "INTERNAL": Words("internal", "程式錯誤"),
}
COMPLETION = Words("tab completion, in bash or zsh:", "以 Tab 鍵補完（bash 或 zsh）：")
VERSION = Words("show the version and exit", "顯示版本後結束")
OUTPUT = Words("json is for programs", "json 供程式使用")
LANGUAGE = Words("of sentences and errors (default: by the locale)", "訊息的語言（預設：依語系設定）")
CLUSTER = Words("which release of which cluster", "哪個叢集的哪個 release")
NAMESPACE = Words("of the release (default: %(default)s)", "release 的命名空間（預設：%(default)s）")
RELEASE = Words("name of the release (default: %(default)s)", "release 的名稱（預設：%(default)s）")
FOR_KUBECTL = Words("passed to kubectl", "傳給 kubectl")
KUBECTL = Words("the kubectl to call (default: %(default)s)", "要呼叫的 kubectl（預設：%(default)s）")
TIMEOUT = Words(
    "for each answer, 1 to 3600 (default: %(default)s)", "每個回應最多等幾秒，1 到 3600（預設：%(default)s）"
)

# How far a step is.
SECONDS = Words("{seconds} s", "{seconds} 秒")
BYTES = Words("{done} MB", "{done} MB")
BYTES_OF = Words("{done} of {total} MB", "{done} / {total} MB")
METERED = Words("{seconds}, {bytes}", "{seconds}，{bytes}")
DONE_IN = Words("done in {since}", "完成，費時 {since}")
