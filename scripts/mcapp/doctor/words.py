"""What the doctor says apart from the causes, in both languages."""

from __future__ import annotations

from mcapp.messages import Words

# What `--help` says, and what it refuses.
PURPOSE = Words(
    "Find the first broken link of an installed release: its layer, the cause, the evidence, the remedy.",
    "找出已安裝的 release 最先壞掉的環節：所在的層、原因、證據與修復方法。",
)
REPORT = Words("write it as one HTML page, too", "另外寫成一份 HTML 報告")
SETTLE = Words(
    "how long a release that is changing may take to settle before a fault that may pass by itself "
    "is reported, 0 to 3600 (default: %(default)s; 0: look only once)",
    "release 變動中時，最多等幾秒（0 到 3600）讓它穩定，之後才回報可能自行消失的故障"
    "（預設：%(default)s；0：只檢查一次）",
)
FIXING = Words("fixing", "修復")
FIX = Words("run the remedy if it is a safe one, after asking", "修復方法安全時，詢問後執行")
YES = Words("with --fix: do not ask", "搭配 --fix：不詢問")
YES_ALONE = Words("--yes is for --fix", "--yes 只能與 --fix 一起使用")

LAYER: dict[str, Words] = {
    "nodes": Words("nodes", "節點"),
    "release": Words("release", "release"),
    "pods": Words("pods", "Pod"),
    "services": Words("services", "服務"),
    "network": Words("network", "網路"),
    "storage": Words("storage", "儲存"),
    "logs": Words("logs", "日誌"),
    "access": Words("access", "外部存取"),
}
STATE: dict[str, Words] = {
    "ok": Words("ok", "正常"),
    "fault": Words("FAULT", "故障"),
    "left-out": Words("left out", "略過"),
    "not-looked-at": Words("not looked at", "未檢查"),
}

# What the doctor reports about a healthy layer.
NODES = Words(
    "{count} node{count:|s} of the release, all Ready: {nodes}",
    "release 使用的 {count} 個節點皆為 Ready：{nodes}",
)
RELEASE = Words("{release} in namespace {namespace}", "{release}，命名空間 {namespace}")
PODS = Words("{tier} {ready}/{wanted} ready", "{tier} {ready}/{wanted} 就緒")
SERVICES = Words("{service}:{port} -> {count} endpoint{count:|s}", "{service}:{port} → {count} 個端點")
NETWORK = Words(
    "{pod} resolves {names} in at most {ms} ms",
    "{pod} 解析 {names} 最多 {ms} ms",
)
REACHES = Words("{pod} reaches {what}", "{pod} 可連到 {what}")
STORAGE = Words("{claim} Bound to {volume}", "{claim} 已綁定 {volume}")
OUTSIDE = Words("the data are at {address}, outside of this release", "資料在此 release 之外的 {address}")
DISK = Words("disk of db {percent} used", "db 的磁碟已使用 {percent}")
LOGS = Words(
    "a login like the api's took {ms} ms; {used} of {limit} connections are in use",
    "以 api 的方式登入花費 {ms} ms，連線 {used}/{limit}",
)
TASKS = Words(
    "tasks were read; one was added, ticked and removed, in {ms} ms",
    "讀取待辦事項，並新增、勾選、刪除一筆，共 {ms} ms",
)
LOG_LINES = Words(
    "{count} lines read, {bad} of them errors or warnings",
    "讀取 {count} 行，其中 {bad} 行為錯誤或警告",
)
ACCESS = Words("{at} answered in {ms} ms", "{at} 於 {ms} ms 內回應")

# What the doctor had to leave out.
NO_HELM = Words("Helm's record of the release: {why}", "Helm 對此 release 的紀錄：{why}")
NO_NODES = Words(
    "nodes: you may not read them ({kinds})",
    "節點：沒有讀取的權限（{kinds}）",
)
NO_KINDS = Words("you may not read {kinds}", "沒有讀取 {kinds} 的權限")
POD_SILENT = Words("{pod} started no program in time", "{pod} 未能及時啟動程式")
NO_EXEC = Words("network from inside a pod: {why}", "從 Pod 內部檢查網路：{why}")
NO_POD = Words(
    "network from inside a pod: no pod of {tier} runs",
    "從 Pod 內部檢查網路：沒有執行中的 {tier} Pod",
)
NO_DISK = Words("fill of db's disk: {why}", "db 磁碟用量：{why}")
NO_FACTS = Words(
    "what PostgreSQL says of locks and of changed tables: {why}", "PostgreSQL 的鎖與資料表變更：{why}"
)
NO_LOGS = Words("logs: {why}", "日誌：{why}")
NO_MANIFEST = Words(
    "changes by hand: what Helm installed cannot be read ({why})",
    "手動更改：無法讀取 Helm 安裝的內容（{why}）",
)
NO_PORT = Words(
    "outside access: web's Service is of type {type}, so another component leads users to it",
    "外部存取：web 的 Service 類型為 {type}，由其他元件將使用者導向它",
)
NO_ADDRESSES = Words(
    "outside access: without the right to read nodes their addresses are not known",
    "外部存取：沒有讀取節點的權限，無法得知位址",
)
NOT_ASKED = Words(
    "outside access: {count} more node{count:|s} of this cluster {count:was|were} not asked",
    "外部存取：未測試此叢集的另外 {count} 個節點",
)
NO_ROUTE = Words(
    "outside access: this machine reaches no node's address (such as kind on another system)",
    "外部存取：這台機器完全連不到節點位址（例如其他系統上的 kind）",
)

# Warnings: nothing is broken yet.
HELM_FAILED = Words(
    "Revision {revision} of release {release} failed ({since}): what runs may be a mixture of two revisions. "
    "Upgrade again, or go back: {command}",
    "release {release} 的 revision {revision} 失敗（{since}）：目前執行的可能混合了兩個 revision。"
    "請重新升級，或回復：{command}",
)
HELM_FAILED_FIRST = Words(
    "Revision {revision} of release {release} failed ({since}), and no earlier one worked: parts of it may "
    "be missing. Correct the values, and upgrade: {command}",
    "release {release} 的 revision {revision} 失敗（{since}），之前也沒有成功的 revision：可能缺少部分內容。"
    "請修正設定值後升級：{command}",
)
HELM_WORKS = Words(
    "A helm is at work: revision {revision} of release {release} is {status} since {since}.",
    "helm 正在執行：release {release} 的 revision {revision} 自 {since} 起為 {status}。",
)
HELM_STUCK = Words(
    "Besides, a helm was cut off: revision {revision} of release {release} is {status} since {since}. "
    "Afterwards: {command}",
    "此外，helm 曾被中斷：release {release} 的 revision {revision} 自 {since} 起為 {status}。"
    "之後請執行：{command}",
)
OTHER_FAULT = Words("Besides: {problem}", "此外：{problem}")
# What becomes of a volume whose claim goes.
FATE_DELETE = Words(
    "the volume {volume} is deleted with all data (reclaim policy Delete).",
    "磁碟區 {volume} 會連同所有資料一起刪除（回收政策為 Delete）。",
)
FATE_RETAIN = Words(
    "the volume {volume} stays (reclaim policy Retain), but no pod gets it.",
    "磁碟區 {volume} 會保留（回收政策為 Retain），但沒有 Pod 能使用它。",
)
FATE_UNKNOWN = Words(
    "the volume {volume} may be deleted with all data (its reclaim policy may not be read).",
    "磁碟區 {volume} 可能連同所有資料一起刪除（無權讀取其回收政策）。",
)
LABEL_LOST = Words(
    "No node carries {labels} any more: db runs on, but would not start again.",
    "已沒有節點帶有標籤 {labels}：db 仍在執行，但無法重新啟動。",
)
ROLLING = Words(
    "The release is changing right now (a rollout, or pods that have just started).",
    "release 正在變動（更新中，或 Pod 剛啟動）。",
)
CHANGED = Words(
    "{what} was changed by hand: {field} is {found}, Helm set {wanted}.",
    "{what} 被手動更改：{field} 現為 {found}，Helm 設定的是 {wanted}。",
)
ADDED = Words(
    "{what} was changed by hand: {field} is {found}, Helm did not set it.",
    "{what} 被手動更改：{field} 現為 {found}，Helm 沒有設定它。",
)
# The same, shorter: one in a list.
IS_CHANGED = Words("{what} {field} = {found}, not {wanted}", "{what} {field} = {found}，而非 {wanted}")
IS_ADDED = Words("{what} {field} = {found}, which was added", "{what} {field} = {found}（額外加入）")
GONE = Words("{what} was removed by hand.", "{what} 被手動移除。")
DISK_LOW = Words("db's disk is {percent} full.", "db 的磁碟已使用 {percent}。")
NODE_APART = Words(
    "{nodes} {nodes:is|are} not Ready; nothing of the release is there.",
    "節點 {nodes} 不是 Ready；release 沒有使用{nodes:該|這些}節點。",
)

# Locks on rows, and what somebody has added to the tables.
ROWS_LOCKED = Words(
    "Process {pid} of user {user} keeps rows of {table} locked since {since}, with: {query}. Who changes one "
    "of these rows waits in vain. If that person does not end the transaction: `{command}`",
    "使用者 {user} 的程序 {pid} 自 {since} 起鎖住 {table} 的部分資料列，執行：{query}。"
    "修改這些資料列的人會等不到結果。若該使用者不結束交易：`{command}`",
)
ROWS_PREPARED = Words(
    "The prepared transaction {gid} of user {user} keeps rows of {table} locked since {since}. Who changes "
    "one of these rows waits in vain. If nobody is to commit it: `{command}`",
    "使用者 {user} 的預備交易 {gid} 自 {since} 起鎖住 {table} 的部分資料列。修改這些資料列的人會等不到結果。"
    "若沒有人要提交它：`{command}`",
)
UNREADABLE = Words("(the api's role may not read it)", "（api 的角色無權讀取）")
TABLE_ODD = Words(
    "{table} is not as this app made it: {what}. Some requests may fail because of it. If it is a mistake: "
    "`{command}`",
    "{table} 與此應用程式建立的不同：{what}。部分請求可能因此失敗。若非刻意設定：`{command}`",
)
COLUMN_GONE = Words("the column {name} is missing", "缺少欄位 {name}")
COLUMN_RENAMED = Words("the column {name} is called {now} now", "欄位 {name} 已改名為 {now}")
COLUMN_TYPE = Words(
    "the column {name} is of type {type}, not {wanted}", "欄位 {name} 的型別是 {type}，不是 {wanted}"
)
COLUMN_NEEDED = Words(
    "the column {name} is NOT NULL without a default, so rows without a value for it are refused",
    "欄位 {name} 為 NOT NULL 且沒有預設值，因此拒絕未提供其值的資料列",
)
IDENTITY = Words(
    "the column {name} is GENERATED ALWAYS, so the api may not give its value",
    "欄位 {name} 為 GENERATED ALWAYS，因此 api 不能自行指定其值",
)
KEY_GONE = Words("the primary key is gone", "主鍵已被移除")
RECORD_GONE = Words(
    "its rows are gone, so the api would make the tables again", "其資料列已被刪除，因此 api 會再次建立資料表"
)
CONSTRAINT = Words("the constraint {name}, {definition}", "限制條件 {name}：{definition}")
UNIQUE_INDEX = Words("the unique index {name}, {definition}", "唯一索引 {name}：{definition}")
TRIGGER = Words(
    "the trigger {name} runs the function {function} at each {events}",
    "觸發器 {name} 在每次 {events} 時執行函式 {function}",
)
OWN_TRIGGER = Words(
    "the api's own trigger {name} is missing or switched off", "api 自己的觸發器 {name} 已被移除或停用"
)
OWN_FUNCTION = Words(
    "the api's own function {name} does something else now", "api 自己的函式 {name} 內容已被更改"
)
RULE = Words("the rule {name}, {definition}", "規則 {name}：{definition}")
SECURED = Words(
    "row-level security is on, with the policies {policies}: rows may be hidden or refused",
    "已啟用資料列層級安全性（政策 {policies}）：資料列可能被隱藏或拒絕",
)
SECURED_ALL = Words(
    "row-level security is on without a policy: every row is hidden and refused",
    "已啟用資料列層級安全性但沒有政策：所有資料列都被隱藏並拒絕",
)
IDS_BEHIND = Words(
    "the sequence {name} is at {last}, but there is a task {biggest}, so ids come again",
    "序列 {name} 目前為 {last}，但已有編號 {biggest} 的待辦事項，因此編號會重複",
)
IDS_USED_UP = Words("the sequence {name} has reached its end {end}", "序列 {name} 已達上限 {end}")

# Of whom PostgreSQL has a limit or a setting.
ROLE_APP = Words("role app", "角色 app")
ROLE_IN_DATABASE = Words("role app in its database", "角色 app（限其資料庫）")
THE_DATABASE = Words("the database", "資料庫")
ALL_ROLES = Words("all roles", "所有角色")
THE_SERVER = Words("the server", "整個伺服器")

# The report.
HEALTHY = Words("Healthy: every link of the chain works.", "正常：每一段連線都可運作。")
LAYER_IS = Words("Broken layer: {layer}", "故障層：{layer}")
CAUSE_IS = Words("Cause: {cause}", "原因：{cause}")
EVIDENCE = Words("Evidence:", "依據：")
REMEDY = Words("Remedy:", "處理方式：")
AND_MORE = Words(
    "  and {count} more line{count:|s}, which `--output json` has",
    "  另有 {count} 行，請見 `--output json`",
)
ON_NODE = Words("on {node}", "在 {node} 上")
HOPS = Words("Times: {hops}", "各段時間：{hops}")
HOP = Words("{source} -> {target} {ms} ms", "{source} → {target} {ms} ms")
LEFT_OUT = Words("Left out: {why}", "略過：{why}")
WARNING = Words("Warning: {what}", "警告：{what}")
TOOK = Words("The diagnosis took {seconds} s.", "診斷花費 {seconds} 秒。")
REPORTED = Words("Wrote the report {file}.", "已寫入報告 {file}。")
TITLE = Words("Diagnosis of mcapp", "mcapp 診斷報告")
MADE = Words(
    "Made {when} for release {release} in namespace {namespace}.",
    "於 {when} 產生，release {release}，命名空間 {namespace}。",
)
CHAIN = Words("The chain", "連線鏈")
LAYERS_HEAD = Words("Layer by layer", "逐層檢查")
USER = Words("browser", "瀏覽器")
NOWHERE = Words("on no node", "不在任何節點上")

# --fix
FIX_NOTHING = Words("Nothing to fix.", "沒有需要修復的項目。")
FIX_BY_HAND = Words(
    "Apply this remedy yourself: it needs a machine, values or a decision that the doctor does not have.",
    "此處理方式需由您執行：它需要診斷程式沒有的機器、設定值或決定。",
)
FIX_ASK = Words("Run this? [y/N] ", "要執行嗎？[y/N] ")
FIX_UNASKED = Words(
    "Not run: confirm it on a terminal, or give --yes.", "未執行：請在終端機確認，或加上 --yes。"
)
FIX_DONE = Words("Done; diagnosing again.", "已執行；重新診斷。")
FIX_FAILED = Words("kubectl refused: {why}.", "kubectl 拒絕：{why}。")
FIX_FAILED_REMEDY = Words("Run the command with more rights.", "請以足夠的權限執行該指令。")

# Errors.
UNWRITABLE = Words("Cannot write {file}: {why}.", "無法寫入 {file}：{why}。")
UNWRITABLE_REMEDY = Words("Give a file in a folder of yours.", "請指定您可寫入的資料夾中的檔案。")
