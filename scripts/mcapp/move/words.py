"""What move says, in both languages."""

from __future__ import annotations

from mcapp.messages import Words

# What `--help` says.
PURPOSE = Words(
    "Move the database with its data to another node: a copy is verified, and then takes its place.",
    "將資料庫連同資料搬移到其他節點：先建立並驗證副本，再由副本取代。",
)
TO = Words(
    "multi: the node labelled for the database; single: the server; or a node's name; ha, standalone: "
    "several servers, or one",
    "multi：帶有資料庫標籤的節點；single：伺服器節點；或節點名稱；ha、standalone：多台伺服器，或一台",
)
BACK = Words(
    "return to the volume that was kept; before the switch, give the move up",
    "回到保留的磁碟區；切換之前則為放棄搬移",
)
DISCARD_OLD = Words("delete the volume that was kept", "刪除保留的磁碟區")
DRY_RUN = Words("show the plan, and change nothing", "只顯示計畫，不做任何變更")
VALUES = Words(
    "where the new values go (default: values-TOPOLOGY.yaml)",
    "新的 values 寫到哪個檔案（預設：values-TOPOLOGY.yaml）",
)

NOTHING_CHANGED = Words("Nothing was changed.", "沒有任何變更。")
AGAIN = Words("Run this again.", "請重新執行。")

# The steps, by their names in the record.
STEP = {
    "prepare": Words("prepare", "準備"),
    "stop writes": Words("stop writes", "停止寫入"),
    "copy": Words("copy", "複製"),
    "verify": Words("verify", "驗證"),
    "switch": Words("switch", "切換"),
    "serve": Words("serve", "恢復寫入"),
}
STEP_TITLE = Words("{number}/{count} {name}", "{number}/{count} {name}")
STEP_COPY = Words("Copying from {source} to {target}", "從 {source} 複製到 {target}")
STEP_STOP = Words("Stopping the database", "停止資料庫")
STEP_UPGRADE = Words(
    "helm upgrade {release}: the database starts on {node}",
    "helm upgrade {release}：資料庫在 {node} 啟動",
)
STEP_UNDO = Words("Removing the copy", "移除複本")
WRITES_AGAIN = Words("    Writes go on again.", "    已恢復寫入。")
GO_ON = Words(
    "    Run this again to go on from here, or --back to return.",
    "    重新執行即可從這裡繼續，或以 --back 返回。",
)

# The plan.
PLAN = Words(
    "Release {release} in namespace {namespace}, topology {was} -> {topology}",
    "命名空間 {namespace} 的 release {release}，拓撲 {was} → {topology}",
)
PLAN_FROM = Words(
    "  from  {node}, volume {volume}, which is kept until --discard-old",
    "  從    {node}，磁碟區 {volume}，保留到執行 --discard-old 為止",
)
PLAN_TO = Words("  to    {node}, volume {volume}", "  到    {node}，磁碟區 {volume}")
PLAN_TO_NEW = Words("  to    {node}, a new volume", "  到    {node}，新的磁碟區")
PLAN_DONE = Words("done", "完成")
PLAN_STEP = {
    "prepare": Words(
        "make a volume on {target}; check that the image starts there and the data fit",
        "在 {target} 建立磁碟區；檢查映像檔可在該處啟動，且資料放得下",
    ),
    "stop writes": Words("the server takes no writes; reads go on", "伺服器不接受寫入；讀取照常"),
    "copy": Words("pg_basebackup from {source} to {target}", "以 pg_basebackup 從 {source} 複製到 {target}"),
    "verify": Words(
        "start the copy where no client reaches it, and compare all that it holds",
        "在用戶端連不到之處啟動複本，並比對全部內容",
    ),
    "switch": Words(
        "stop the server, give its claim the other volume, start it on {target} by Helm",
        "停止伺服器，將其 PVC 換到另一個磁碟區，再以 Helm 在 {target} 啟動",
    ),
    "serve": Words("take writes again", "重新接受寫入"),
}
PLAN_WRITES = Words(
    "Writes stop from 2 to 6, reads only while the server starts in 5.",
    "寫入從步驟 2 停到步驟 6；讀取只在步驟 5 伺服器啟動期間中斷。",
)

# Results.
MOVED = Words(
    "The database is on {node}. Writes were stopped for {seconds} s.",
    "資料庫已在 {node}。寫入停止了 {seconds} 秒。",
)
MOVED_VALUES = Words(
    "The values are in {file}: use them for the next helm upgrade.",
    "設定值在 {file}：下次 helm upgrade 請使用它。",
)
MOVED_KEPT = Words(
    "The old volume {volume} on {node} is kept: --back returns to it, --discard-old deletes it.",
    "保留 {node} 上的舊磁碟區 {volume}：--back 會返回該處，--discard-old 會將其刪除。",
)
WOULD_GIVE_UP = Words("Would give up the move to {to}.", "將會放棄搬移到 {to}。")
GIVEN_UP = Words(
    "The move to {to} is given up; the database is on {node}, as before.",
    "已放棄搬移到 {to}；資料庫仍在 {node}。",
)
WOULD_RETURN = Words(
    "Would return to {node}, if nothing was written since the move.",
    "若搬移後沒有任何寫入，將會返回 {node}。",
)
WOULD_DISCARD = Words(
    "The old volume {volume} on {node} would be deleted.",
    "將會刪除 {node} 上的舊磁碟區 {volume}。",
)
DISCARDED = Words(
    "The old volume {volume} on {node} is deleted.",
    "已刪除 {node} 上的舊磁碟區 {volume}。",
)
BACKUPS_STRANDED = Words(
    "warning: the volume of the backups is on {node} too. With db there, their pods find no node. Copy the "
    "backups first (`{backup} fetch latest -n {namespace} --release {release}`); after the move delete the "
    "claim (`kubectl delete pvc {claim} -n {namespace}`), and the next upgrade makes another elsewhere.",
    "警告：備份的磁碟區也在 {node}。db 搬到該處後，備份的 Pod 就沒有可用的節點。請先複製備份"
    "（`{backup} fetch latest -n {namespace} --release {release}`）；搬移後刪除 PVC"
    "（`kubectl delete pvc {claim} -n {namespace}`），下次升級會在別處建立新的 PVC。",
)

# Which node.
NOT_STANDALONE = Words(
    "Release {release} has db.mode {mode}; only a database of mode standalone is moved to another node.",
    "release {release} 的 db.mode 為 {mode}；只有 standalone 模式的資料庫能搬移到其他節點。",
)
NOT_STANDALONE_REMEDY = Words(
    "In mode ha, each node has its copy. Move an external database where it runs.",
    "ha 模式下每個節點都有資料；外部資料庫請在其所在之處搬移。",
)
NO_DATA = Words(
    "Release {release} has no data in namespace {namespace}.",
    "release {release} 在命名空間 {namespace} 中沒有資料。",
)
NO_DATA_REMEDY = Words(
    "Name another release with --release and -n; `helm list -A` shows all of them.",
    "請以 --release 與 -n 指定其他 release；`helm list -A` 會列出全部。",
)
SHARED = Words(
    "Volume {volume} is not on one node's disk: any node it allows can mount it.",
    "磁碟區 {volume} 不在單一節點的磁碟上：它允許的任何節點都能掛載。",
)
SHARED_REMEDY = Words(
    "Upgrade the release with the values of `{genvalues}`; the data need not be moved.",
    "請以 `{genvalues}` 的設定值升級 release；資料不需要搬移。",
)
NO_NODE = Words("There is no node {node}.", "沒有節點 {node}。")
NO_NODE_REMEDY = Words("Nodes: {nodes}; or multi, or single.", "節點：{nodes}；或 multi、single。")
THERE_ALREADY = Words("The data are on {node} already.", "資料已經在 {node}。")
CANNOT_RUN = Words(
    "Node {node} cannot run the database in topology {topology}: it {why}.",
    "在拓撲 {topology} 中，節點 {node} 無法執行資料庫：{why}。",
)
CANNOT_RUN_REMEDY = Words(
    "It can run on: {nodes}.",
    "可執行的節點：{nodes}。",
)
CANNOT_RUN_LABEL = Words(
    "It can run on: {nodes}. `{genvalues} --apply-labels {node}` labels this one for it.",
    "可執行的節點：{nodes}。`{genvalues} --apply-labels {node}` 會為它標記此節點。",
)
IN_PLACE = Words(
    "The data are on {node}, where topology {topology} has them.",
    "資料在 {node}，正是拓撲 {topology} 所要的位置。",
)
ONLY_HERE = Words(
    "Only {node} can run the database in topology {topology}, and the data are there.",
    "在拓撲 {topology} 中只有 {node} 能執行資料庫，而資料已在該處。",
)
ONLY_HERE_REMEDY = Words(
    "An upgrade with the values of `{genvalues} --topology {topology}` changes the topology; nothing moves.",
    "以 `{genvalues} --topology {topology}` 的設定值升級即可變更拓撲，不需要搬移。",
)
PROCESSORS = Words(
    "{source} and {target} have different processors, which cannot share the server's files.",
    "{source} 與 {target} 的處理器不同，無法共用伺服器的檔案。",
)
PROCESSORS_REMEDY = Words(
    "Use `{backup} create`, a new release there, and `{backup} restore latest`.",
    "請使用 `{backup} create`，在該處安裝新的 release，再執行 `{backup} restore latest`。",
)

# Which move.
STILL_KEPT = Words(
    "The volume of the last move ({volume} on {node}) is still kept.",
    "上次搬移的磁碟區（{node} 上的 {volume}）仍然保留著。",
)
STILL_KEPT_REMEDY = Words(
    "Run this with --discard-old, or go back to it with --back.",
    "請以 --discard-old 執行，或以 --back 返回該處。",
)
BEGUN = Words("A move to {to} was begun.", "已開始搬移到 {to}。")
BEGUN_REMEDY = Words(
    "Go on with --to {to}, or give it up with --back.",
    "請以 --to {to} 繼續，或以 --back 放棄。",
)
NO_MOVE = Words("There is no move to go back from.", "沒有可以返回的搬移。")
NO_OLD_VOLUME = Words("There is no old volume.", "沒有舊磁碟區。")
NOT_DONE = Words("The move to {to} is not done.", "搬移到 {to} 尚未完成。")
NOT_DONE_REMEDY = Words("Go on with --to {to}, or --back.", "請以 --to {to} 繼續，或使用 --back。")
UNWRITABLE = Words("{file} cannot be written.", "無法寫入 {file}。")
UNWRITABLE_REMEDY = Words("Name another file with --values.", "請以 --values 指定其他檔案。")

# What fails on the way.
HELM_ANSWER = Words(
    '{program} does not answer as helm does: asked for JSON, it printed "{said}".',
    "{program} 的回應與 helm 不同：要求的是 JSON，得到的是「{said}」。",
)
GONE = Words("{kind} {name} is gone.", "{kind} {name} 已不存在。")
POD_WAITS = Words(
    "No pod of the database's image starts on the target node: {why}.",
    "目標節點上無法啟動資料庫映像檔的 Pod：{why}。",
)
POD_WAITS_REMEDY = Words(
    "Put the image on that node, or free resources there; then run this again, or --back.",
    "請將映像檔放到該節點，或在該處釋放資源；再重新執行，或使用 --back。",
)
NO_SPACE = Words(
    "The data are {used} MB, and the target has {free} MB free.",
    "資料有 {used} MB，而目標只剩 {free} MB。",
)
NO_SPACE_REMEDY = Words(
    "Free space on that node's disk; then run this again, or --back.",
    "請在該節點的磁碟上釋放空間；再重新執行，或使用 --back。",
)
NOT_REMOVED = Words("{kind} {name} cannot be removed: {why}.", "無法移除 {kind} {name}：{why}。")
STILL_WRITING = Words("The server does not stop taking writes.", "伺服器沒有停止接受寫入。")
NOT_THE_SAME = Words(
    "The copy is not what the database holds: {differences}.",
    "複本與資料庫的內容不符：{differences}。",
)
WRITES_MEANWHILE = Words("Writes were allowed again meanwhile.", "期間寫入已被重新開放。")
POD_STAYS = Words("Pod {pod} does not end.", "Pod {pod} 沒有結束。")
POD_STAYS_REMEDY = Words("Run this again when it has ended.", "請等它結束後重新執行。")
NOT_BOUND = Words("Claim {claim} is not bound.", "PVC {claim} 沒有繫結（Bound）。")
WRITTEN_SINCE = Words(
    "Something was written since the move: it is not on the volume on {node}.",
    "搬移後有新的寫入：{node} 的磁碟區上沒有這些資料。",
)
WRITTEN_SINCE_REMEDY = Words(
    "`{move} --discard-old`, then `{move} --to {node}` moves it along.",
    "請先執行 `{move} --discard-old`，再以 `{move} --to {node}` 連同新資料一起搬移。",
)
VOLUME_STAYS = Words("Volume {volume} is not gone yet.", "磁碟區 {volume} 尚未刪除。")
VOLUME_STAYS_REMEDY = Words(
    "`kubectl describe pv {volume}` tells why.", "`kubectl describe pv {volume}` 會說明原因。"
)
