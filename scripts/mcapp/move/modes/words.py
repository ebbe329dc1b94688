"""What move says of a move to another db.mode, in both languages."""

from __future__ import annotations

from mcapp.messages import Words

NOTHING = Words("Nothing was changed.", "沒有任何變更。")

# The steps, by their names in the record.
STEP = {
    "prepare": Words("prepare", "準備"),
    "join": Words("join", "加入"),
    "verify": Words("verify", "驗證"),
    "switch": Words("switch", "切換"),
    "complete": Words("complete", "完成"),
}
STEP_UPGRADE = Words("helm upgrade {release}", "helm upgrade {release}")
STEP_COPY = Words("Waiting until {count} members have the data", "等待 {count} 個成員取得資料")
STEP_FOLLOW = Words("Copying from the leader to {node}", "從主節點複製到 {node}")
STEP_REMOVE = Words("Removing the new place", "移除新的位置")

# The plan.
PLAN = Words(
    "Release {release} in namespace {namespace}, db.mode {was} -> {to}",
    "命名空間 {namespace} 的 release {release}，db.mode {was} → {to}",
)
PLAN_KEPT = Words(
    "  kept until --discard-old: {claims}",
    "  保留到執行 --discard-old 為止：{claims}",
)
PLAN_GROW = {
    "prepare": Words(
        "let members copy from the server on {node}, which goes on taking writes",
        "讓成員可從 {node} 上的伺服器複製；該伺服器照常接受寫入",
    ),
    "join": Words(
        "start the other members by Helm; they copy the data and follow",
        "以 Helm 啟動其他成員；它們複製資料並持續跟隨",
    ),
    "verify": Words(
        "compare all that the server and a member hold at one moment",
        "比對伺服器與成員在同一時刻的全部內容",
    ),
    "switch": Words(
        "wait until the members have all writes; one of them leads, and the Service sends there",
        "等成員取得全部寫入後，由其中之一擔任主節點，Service 改送往該處",
    ),
    "complete": Words("replace the server's pod by a member, by Helm", "以 Helm 用成員取代原伺服器的 Pod"),
}
PLAN_SHRINK = {
    "prepare": Words(
        "make a volume on {node}; check that the image starts there and the data fit",
        "在 {node} 建立磁碟區；檢查映像檔可在該處啟動，且資料放得下",
    ),
    "join": Words(
        "copy the data from the leader; start the one server on them by Helm, which follows it",
        "從主節點複製資料，再以 Helm 啟動單一伺服器並持續跟隨",
    ),
    "verify": Words(
        "compare all that the leader and the copy hold at one moment",
        "比對主節點與複本在同一時刻的全部內容",
    ),
    "switch": Words(
        "wait until the server on {node} has all writes; it takes them, and the Service sends there",
        "等 {node} 上的伺服器取得全部寫入後由它接受寫入，Service 改送往該處",
    ),
    "complete": Words(
        "take the members' pods away, by Helm all else", "移除成員的 Pod，並以 Helm 移除其餘物件"
    ),
}
PLAN_WRITES = Words(
    "Writes stop for a moment in verify, and in switch. Reads go on but for a moment in switch.",
    "寫入在「驗證」與「切換」時各暫停片刻；讀取只在「切換」時短暫中斷。",
)

# Results.
MOVED = Words(
    "The database is in db.mode {mode}. Seconds for which writes were stopped: {seconds}.",
    "資料庫已是 db.mode {mode}。寫入暫停的秒數：{seconds}。",
)
MOVED_KEPT = Words(
    "The old data are kept ({claims}): --back returns to them, --discard-old deletes them.",
    "保留舊資料（{claims}）：--back 會返回該處，--discard-old 會將其刪除。",
)
WOULD_RETURN = Words(
    "Would return to db.mode {mode}, if nothing was written since the switch.",
    "若切換後沒有任何寫入，將會返回 db.mode {mode}。",
)
RETURNED = Words(
    "The database is in db.mode {mode}, as before the move; so are the release's values (helm get values). "
    "A values file that the move has written asks for the other mode.",
    "資料庫已返回搬移前的 db.mode {mode}，release 的設定值也是（helm get values）。"
    "搬移時寫入的設定值檔仍要求另一個模式。",
)
WOULD_DISCARD = Words("Would delete the old data: {claims}.", "將會刪除舊資料：{claims}。")
DISCARDED = Words("The old data are deleted: {claims}.", "已刪除舊資料：{claims}。")

# Which move.
MODE_ALREADY = Words("The database is in db.mode {mode} already.", "資料庫已經是 db.mode {mode}。")
NOT_OURS = Words(
    "The database is in db.mode {mode}: it does not run in this release.",
    "資料庫的 db.mode 為 {mode}：它不在此 release 中執行。",
)
NOT_OURS_REMEDY = Words("Move it where it runs.", "請在其所在之處搬移。")
NO_DATA = Words("Release {release} has no data.", "release {release} 沒有資料。")
NO_DATA_REMEDY = Words(
    "Name another release with --release and -n, or set db.mode in the values and upgrade.",
    "請以 --release 與 -n 指定其他 release，或在設定值中設定 db.mode 後升級。",
)
CLAIM_LEFT = Words(
    "The claim {claim} is there already, and may hold other data.",
    "PVC {claim} 已經存在，可能存有其他資料。",
)
CLAIM_LEFT_REMEDY = Words(
    "If those may go, `kubectl delete pvc {claim} -n {namespace}`; then run this again.",
    "若可以捨棄，請執行 `kubectl delete pvc {claim} -n {namespace}`，再重新執行。",
)
FEW_NODES = Words(
    "{members} members need a node each, and these can run the database: {nodes}.",
    "{members} 個成員各需要一個節點，而能執行資料庫的節點為：{nodes}。",
)
FEW_NODES_REMEDY = Words(
    "`{genvalues} --apply-labels NODE` labels another one for it.",
    "`{genvalues} --apply-labels NODE` 會為它標記另一個節點。",
)
NO_REPLICATION_KEY = Words(
    "Secret {secret} has no key {key}, the password with which members copy from each other.",
    "Secret {secret} 沒有鍵 {key}，即成員互相複製所用的密碼。",
)
NO_REPLICATION_KEY_REMEDY = Words(
    "Add the key {key} to it; then run this again.", "請為它加上鍵 {key}，再重新執行。"
)
NOT_ENCRYPTED = Words(
    "The database has no certificate yet, and the servers after the move take data only from one that has.",
    "資料庫還沒有憑證，搬移後的伺服器不會向沒有憑證的伺服器取得資料。",
)
NOT_ENCRYPTED_REMEDY = Words(
    "Upgrade release {release} once with the values that it has: db gets one. Then run this again.",
    "請先以現有的設定值升級一次 release {release}，db 就會有憑證，再重新執行。",
)
STILL_KEPT = Words(
    "The old data of the last move are still kept ({claims}).",
    "上次搬移的舊資料（{claims}）仍然保留著。",
)
EARLIER = Words(
    "The last move was to db.mode {to}, and the release is in db.mode {mode}: "
    "the record is of an earlier release.",
    "上次搬移的目的是 db.mode {to}，而 release 是 db.mode {mode}：這份記錄屬於先前的 release。",
)
EARLIER_REMEDY = Words(
    "If that is gone for good, `kubectl delete configmap {record} -n {namespace}`; then run this again.",
    "若確定不再需要，請執行 `kubectl delete configmap {record} -n {namespace}`，再重新執行。",
)
CLIENT_SIDE = Words(
    "Release {release} is not applied on the server: Helm 3 installed it, or Helm 4 without --server-side.",
    "release {release} 並非以伺服器端套用：由 Helm 3 安裝，或由 Helm 4 安裝但未使用 --server-side。",
)
CLIENT_SIDE_REMEDY = Words(
    "With Helm 4, `helm upgrade {release} ... --server-side=true`; then run this again.",
    "請以 Helm 4 執行 `helm upgrade {release} ... --server-side=true`，再重新執行。",
)
RESETS = Words(
    "db.auth.resetPasswords is on, and a server that follows another one cannot set passwords.",
    "db.auth.resetPasswords 已開啟，而跟隨其他伺服器的伺服器無法設定密碼。",
)
RESETS_REMEDY = Words(
    "Upgrade with db.auth.resetPasswords=false; then run this again.",
    "請以 db.auth.resetPasswords=false 升級，再重新執行。",
)
BACK_BEGUN = Words("The way back was begun.", "已開始返回。")
BACK_BEGUN_REMEDY = Words("Go on with --back.", "請以 --back 繼續。")

# What fails on the way.
NO_SOURCE = Words("The server is not ready.", "伺服器尚未就緒。")
NO_SOURCE_REMEDY = Words(
    "`{doctor}` tells why; then run this again, or --back.",
    "`{doctor}` 會說明原因；再重新執行，或使用 --back。",
)
NO_LEADER = Words("No member leads.", "沒有成員擔任主節點。")
LEADS_STILL = Words("{pod} leads still.", "{pod} 仍是主節點。")
NO_POD = Words("no pod is made", "沒有建立 Pod")
MEMBER_WAITS = Words("A member does not start: {why}.", "有成員無法啟動：{why}。")
MEMBER_WAITS_REMEDY = Words(
    "Put the image mcapp/db on that node, or free resources there; then run this again, or --back.",
    "請將映像檔 mcapp/db 放到該節點，或在該處釋放資源；再重新執行，或使用 --back。",
)
PATRONI_REFUSED = Words("Patroni in {pod} refused a setting: {why}.", "{pod} 中的 Patroni 拒絕設定：{why}。")
NOT_PROMOTED = Words("The new place takes no writes yet.", "新的位置尚未接受寫入。")
BEHIND = Words("The copies do not catch up.", "複本沒有跟上。")
BEHIND_REMEDY = Words(
    "Run this again when there are fewer writes, or --back.",
    "請在寫入較少時重新執行，或使用 --back。",
)
STAYS = Words("{kind} {names} cannot be removed yet.", "尚無法移除 {kind} {names}。")
CLAIM_USED = Words(
    "Pods of the database use these claims: {claims}.", "資料庫的 Pod 正在使用這些 PVC：{claims}。"
)
CLAIM_USED_REMEDY = Words(
    "Nothing was deleted. The release runs on the old data again: look at `helm get values` for its db.mode.",
    "沒有刪除任何東西。release 又在使用舊資料：請以 `helm get values` 查看它的 db.mode。",
)
OLD_GONE = Words(
    "The old data ({claims}) are gone: the new place has the only data.",
    "舊資料（{claims}）已不存在：只有新的位置有資料。",
)
OLD_GONE_REMEDY = Words(
    "Nothing was changed. Forget the old ones by --discard-old; before the switch, go on with --to.",
    "沒有任何變更。請以 --discard-old 捨棄舊資料；若尚未切換，請以 --to 繼續。",
)
OLD_AWAY = Words(
    "Nobody can tell whether something was written since the switch: the old place is not running, and its "
    "content was not recorded.",
    "無法得知切換後是否有新的寫入：舊的位置沒有執行，也沒有記錄其內容。",
)
OLD_AWAY_REMEDY = Words(
    "Go on with --to, or bring the node of the old place back first.",
    "請以 --to 繼續，或先讓舊位置的節點恢復。",
)
WRITTEN_SINCE = Words(
    "Something was written since the switch: it is not among the data that are kept ({claims}).",
    "切換後有新的寫入：保留的資料（{claims}）中沒有這些內容。",
)
WRITTEN_SINCE_REMEDY = Words(
    "`{move} --discard-old`, then move to the other mode with all data.",
    "請先執行 `{move} --discard-old`，再帶著全部資料搬移到另一個模式。",
)
