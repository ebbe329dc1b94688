"""What backup says, in both languages."""

from __future__ import annotations

from mcapp.messages import Words

# What `--help` says.
PURPOSE = Words(
    "Make backups of the database, list them, verify them, and restore one.",
    "備份資料庫；列出、驗證或還原備份。",
)
COMMANDS: dict[str, Words] = {
    "create": Words("make a backup", "建立一份備份"),
    "list": Words("list the backups", "列出備份"),
    "verify": Words(
        "restore a backup into a throw-away database and compare it with its manifest",
        "將備份還原到暫時的資料庫，並與其清單比對",
    ),
    "restore": Words(
        "restore a backup beside the live data, compare it, and swap the two",
        "在線上資料旁還原備份，比對後將兩者互換",
    ),
    "fetch": Words(
        "copy a backup from the release's backup volume to this machine",
        "將備份從 release 的備份磁碟區複製到本機",
    ),
    "rescue": Words(
        "keep the data of a claim that is being deleted under a running database",
        "資料庫仍在執行而 PVC 正被刪除時，保住其中的資料",
    ),
    "discard": Words(
        "list the databases that restores have kept, or drop one of them",
        "列出還原時保留的資料庫，或刪除其中一個",
    ),
}
BACKUP = Words("its name, its path, or the word latest", "備份的名稱、路徑，或 latest（最新的一份）")
DROP_OLD = Words("drop the old data, do not keep them", "刪除舊資料，不保留")
DATABASE = Words("the one to drop", "要刪除的資料庫")
FOLDER = Words("of the backups (default: %(default)s)", "備份所在的資料夾（預設：%(default)s）")
VOLUME = Words(
    "use the release's backup volume (backup.enabled), not a folder of this machine",
    "使用 release 的備份磁碟區（backup.enabled），而非本機的資料夾",
)

ANOTHER = Words(
    "Use another backup; `{backup} list` shows them all.",
    "請改用其他備份；`{backup} list` 會列出所有備份。",
)
THERE_ARE = Words("There are: {names}.", "現有：{names}。")
BACKUP_VOLUME = Words("the backup volume", "備份磁碟區")

# What is being done.
STEP_DUMP = Words(
    "Dumping database {database} of release {release}",
    "傾印 release {release} 的資料庫 {database}",
)
STEP_DUMP_VOLUME = Words(
    "Dumping database {database} of release {release} onto its backup volume",
    "將 release {release} 的資料庫 {database} 傾印到備份磁碟區",
)
STEP_CHECK = Words("Checking {path}", "檢查 {path}")
STEP_CHECK_VOLUME = Words("Checking {name} on the backup volume", "檢查備份磁碟區上的 {name}")
STEP_FETCH = Words("Copying {name} to {path}", "將 {name} 複製到 {path}")
STEP_POD = Words("Starting a pod that mounts the backup volume", "啟動掛載備份磁碟區的 Pod")
STEP_RESTORE = Words(
    "Restoring {name} beside the live data, as {database}",
    "在線上資料之外將 {name} 還原為 {database}",
)
STEP_COMPARE = Words(
    "Comparing rows, content, sequences and grants with the manifest",
    "將資料列、內容、序列與權限和 manifest 比對",
)
STEP_SWAP = Words("Putting it in the place of database {database}", "以它取代資料庫 {database}")
STEP_DROP = Words("Dropping the old data, {database}", "刪除舊資料 {database}")

# Results.
MADE = Words(
    "Made {name} in {where}: {size} MB, {rows} rows, content {content}",
    "已在 {where} 建立 {name}：{size} MB，{rows} 筆資料列，內容摘要 {content}",
)
LIST_EMPTY = Words("There are no backups here.", "這裡沒有備份。")
COLUMN = {
    "name": Words("BACKUP", "備份"),
    "created": Words("CREATED", "建立時間"),
    "size": Words("SIZE", "大小"),
    "rows": Words("ROWS", "資料列"),
    "content": Words("CONTENT", "內容摘要"),
    "app": Words("APP", "應用程式"),
    "server": Words("POSTGRESQL", "POSTGRESQL"),
}
GOOD = Words(
    "{name} is good: {rows} rows restored; rows, content, sequences and grants are what its manifest says.",
    "{name} 完好：已還原 {rows} 筆資料列；資料列、內容、序列與權限皆與其 manifest 相符。",
)
NOT_GOOD = Words("{name} is NOT what its manifest says:", "{name} 與其 manifest 不符：")
DIFFERENCE = Words("{what}: {expected} -> {found}", "{what}：{expected} → {found}")
LIVE = Words(
    "{name} is live in release {release}: {rows} rows.",
    "{name} 已成為 release {release} 的線上資料：{rows} 筆資料列。",
)
KEPT = Words(
    "The old data are kept as database {database}; "
    "`{backup} discard {database} -n {namespace} --release {release}` drops them.",
    "舊資料保留為資料庫 {database}；"
    "`{backup} discard {database} -n {namespace} --release {release}` 可將其刪除。",
)
KEPT_NONE = Words("No restore has kept a database.", "沒有還原時保留下來的資料庫。")
DROPPED = Words("Dropped {database}.", "已刪除 {database}。")
API_BACK = Words(
    "    The api is connected again, {seconds} s later.",
    "    api 已在 {seconds} 秒後重新連線。",
)
API_AWAY = Words(
    "    The api has not connected yet. If it should be running, "
    "`{doctor} -n {namespace} --release {release}` tells why.",
    "    api 尚未連線。若它應該正在執行，`{doctor} -n {namespace} --release {release}` 會說明原因。",
)

# Why a backup is refused.
REFUSED = Words(
    "Backup {name} is refused: {why}. Nothing was changed.",
    "拒絕使用備份 {name}：{why}。沒有變更任何資料。",
)
UNNAMED = Words("on the volume", "（在磁碟區上）")
FILE_MISSING = Words("its {file} is missing", "缺少 {file}")
CHECKSUM = Words("its {file} does not match its checksum", "{file} 與其總和檢查碼不符")
CHECKSUMS = Words("it does not match its checksums", "內容與總和檢查碼不符")
NOT_PG_DUMP = Words("its archive is none of pg_dump's", "封存檔不是 pg_dump 的格式")
OTHER_NAME = Words("it is {name} by its manifest", "依其 manifest，它的名稱是 {name}")
OTHER_NAME_REMEDY = Words("Give the folder that name again.", "請將資料夾改回該名稱。")
LATER_SERVER = Words(
    "it is of PostgreSQL {version}, and this server is {server}",
    "它來自 PostgreSQL {version}，而此伺服器是 {server}",
)
LATER_SERVER_REMEDY = Words(
    "Restore it on a server of that version or a later one.",
    "請在相同或更新版本的伺服器上還原。",
)
ROLES = Words("the server does not know the roles {roles}", "伺服器沒有角色 {roles}")
ROLES_REMEDY = Words(
    "Create them (CREATE ROLE ...), and run this again.",
    "請先建立這些角色（CREATE ROLE ...），再重新執行。",
)
NO_SPACE = Words(
    "it needs {needed} MB beside the live data, and {free} MB are free",
    "除線上資料外還需要 {needed} MB，但只剩 {free} MB",
)
NO_SPACE_REMEDY = Words("Free space on the database's volume.", "請在資料庫的磁碟區上釋放空間。")
LATER_APP = Words(
    "it is of version {app} of the app, and the release is of {own}",
    "它來自應用程式 {app} 版，而 release 是 {own} 版",
)
LATER_APP_REMEDY = Words(
    "Upgrade the release first, and run this again.",
    "請先升級 release，再重新執行。",
)
LATER_FORMAT = Words(
    "its format is {format}, and this version knows up to {known}",
    "其格式為 {format}，而此版本最多支援 {known}",
)
LATER_FORMAT_REMEDY = Words(
    "Use the version of these scripts that made it, or a later one.",
    "請使用建立此備份的版本或更新版本的指令。",
)
DAMAGED = Words("its manifest is damaged", "其 manifest 已損壞")
UNRESTORABLE = Words("it cannot be restored ({said})", "無法還原（{said}）")
UNRESTORABLE_REMEDY = Words(
    "Run this again; if it fails in the same way: {another}",
    "請重新執行；若以同樣方式失敗：{another}",
)

# Other errors.
NO_BACKUP = Words("There is no backup {path}.", "沒有備份 {path}。")
NO_BACKUP_VOLUME = Words("There is no backup {name} on the volume.", "磁碟區上沒有備份 {name}。")
NO_LATEST = Words("There is no backup of release {release} here.", "這裡沒有 release {release} 的備份。")
NOT_RESTORED = Words(
    "What was restored of {name} is not what its manifest says: {differences}. "
    "The live data are as they were.",
    "從 {name} 還原的內容與其 manifest 不符：{differences}。線上資料維持原狀。",
)
NOT_KEPT = Words("No restore has kept a database {database}.", "沒有還原時保留下來的資料庫 {database}。")
NOT_KEPT_REMEDY = Words("There is none to drop.", "目前沒有可刪除的資料庫。")
FOLDER_BUSY = Words("Another backup is being made in {path}.", "{path} 中正在建立另一個備份。")
FOLDER_BUSY_REMEDY = Words(
    "Wait until it is done, or name another folder with --folder.",
    "請等待其完成，或以 --folder 指定其他資料夾。",
)
FOLDER_UNWRITABLE = Words("Folder {path} cannot be written: {why}.", "無法寫入資料夾 {path}：{why}。")
FOLDER_UNWRITABLE_REMEDY = Words(
    "Free space there, or name another folder with --folder.",
    "請在該處釋放空間，或以 --folder 指定其他資料夾。",
)
FOLDER_UNREADABLE = Words("Folder {path} cannot be read: {why}.", "無法讀取資料夾 {path}：{why}。")
FOLDER_UNREADABLE_REMEDY = Words(
    "Name a folder of yours with --folder.",
    "請以 --folder 指定您可讀取的資料夾。",
)
DATABASE_BUSY = Words(
    "Another verify or restore is at work on this database.",
    "這個資料庫正在執行另一個驗證（verify）或還原（restore）。",
)
DATABASE_BUSY_REMEDY = Words(
    "Wait until it is done, or stop it, and run this again.",
    "請等待其完成或將其停止，再重新執行。",
)
NO_DATABASE = Words(
    "There is no database of a release {release} in namespace {namespace}.",
    "命名空間 {namespace} 中沒有 release {release} 的資料庫。",
)
NO_DATABASE_REMEDY = Words(
    "Name the release with --release and -n (`helm list -A` shows all). "
    "Back up a database of db.mode external where it runs.",
    "請以 --release 與 -n 指定 release（`helm list -A` 會列出全部）。"
    "db.mode 為 external 的資料庫，請在其所在之處備份。",
)
NOT_READY = Words(
    "The database {name} in namespace {namespace} is not ready.",
    "命名空間 {namespace} 中的資料庫 {name} 尚未就緒。",
)
NOT_READY_REMEDY = Words(
    "`{doctor} -n {namespace} --release {release}` tells why.",
    "`{doctor} -n {namespace} --release {release}` 會說明原因。",
)
NO_PASSWORD = Words(
    "The superuser's password in Secret {name} cannot be read: {why}.",
    "無法讀取 Secret {name} 中的超級使用者密碼：{why}。",
)
NO_PASSWORD_REMEDY = Words(
    "Use a kubeconfig that may read Secrets in namespace {namespace}.",
    "請使用有權讀取命名空間 {namespace} 中 Secret 的 kubeconfig。",
)
LINE_BREAK = Words(
    "The superuser's password in Secret {name}, key {key}, holds a line break: echo adds one, and "
    "PostgreSQL's programs cut the password there.",
    "Secret {name} 的鍵 {key} 中的超級使用者密碼含有換行字元：echo 會加上換行，"
    "而 PostgreSQL 的程式會在該處截斷密碼。",
)
LINE_BREAK_REMEDY = Words(
    "Write the key again without one (printf %s in the place of echo). Nothing was changed.",
    "請重新寫入該鍵，不要含有換行字元（以 printf %s 取代 echo）。尚未變更任何內容。",
)
NO_KEY = Words("it has no key {key}", "沒有鍵 {key}")
NO_VOLUME = Words("Release {release} has no backup volume.", "release {release} 沒有備份磁碟區。")
NO_VOLUME_REMEDY = Words(
    "`helm upgrade {release} {chart} -n {namespace} --reset-then-reuse-values --set backup.enabled=true` "
    "makes one; without --volume, backups are kept on this machine.",
    "`helm upgrade {release} {chart} -n {namespace} --reset-then-reuse-values --set backup.enabled=true` "
    "會建立一個；不加 --volume 時，備份存放在這台機器上。",
)
POD_REFUSED = Words(
    "A pod for the backup volume was refused: {why}.", "用於備份磁碟區的 Pod 遭到拒絕：{why}。"
)
POD_WAITS = Words(
    "The pod for the backup volume does not start: {why}.",
    "用於備份磁碟區的 Pod 沒有啟動：{why}。",
)
POD_WAITS_REMEDY = Words(
    "`kubectl -n {namespace} describe pvc,pod` tells more.",
    "`kubectl -n {namespace} describe pvc,pod` 會顯示詳情。",
)
SHELL_FAILED = Words("PostgreSQL's programs failed: {said}.", "PostgreSQL 的程式失敗：{said}。")
CUT_OFF = Words("their output broke off on its way", "輸出在傳送途中中斷")

# rescue
STEP_RETAIN = Words(
    "Letting volume {volume} outlive its claim (Retain)",
    "讓磁碟區 {volume} 在 PVC 消失後保留下來（Retain）",
)
STEP_RELEASE_CLAIM = Words(
    "Stopping the database, so that claim {claim} goes",
    "停止資料庫，讓 PVC {claim} 消失",
)
STEP_BIND = Words(
    "Binding volume {volume} to a new claim {claim}",
    "將磁碟區 {volume} 綁定到新的 PVC {claim}",
)
STEP_START = Words("Starting the database", "啟動資料庫")
RESCUED = Words(
    "The data are safe: claim {claim} has its volume {volume} again, with {rows} rows.",
    "資料安全：PVC {claim} 已重新取得磁碟區 {volume}，共 {rows} 筆資料列。",
)
RESCUED_RETAIN = Words(
    "The volume's reclaim policy was {was} and stays Retain from now on: after `kubectl delete pvc` the data "
    "are still there, until `kubectl delete pv {volume}` and their folder is deleted.",
    "磁碟區的回收政策原為 {was}，此後維持 Retain：執行 `kubectl delete pvc` 後資料仍在，"
    "直到執行 `kubectl delete pv {volume}` 並刪除其資料夾為止。",
)
NOTHING_TO_RESCUE = Words(
    "Nothing to rescue: no claim of the database is being deleted.",
    "不需要救援：資料庫的 PVC 沒有正在刪除。",
)
RESCUE_RIGHTS = Words(
    "A rescue changes a PersistentVolume, for which you need an administrator's rights. Without them: "
    "`{backup} create` now, before the pod of the database ends; later a new claim and "
    "`{backup} restore latest`.",
    "救援需要變更 PersistentVolume，這需要管理者的權限。若沒有權限，請在資料庫的 Pod 結束前立即執行 "
    "`{backup} create`，之後建立新的 PVC 並執行 `{backup} restore latest`。",
)
RESCUE_AGAIN = Words("Run this again: it goes on from here.", "請重新執行，會從這裡繼續。")
NOT_RETAINED = Words(
    "Volume {volume} would not outlive its claim; nothing was stopped.",
    "磁碟區 {volume} 不會在 PVC 消失後保留；尚未停止任何元件。",
)
NOT_RETAINED_REMEDY = Words("Make a backup now: `{backup} create`.", "請立即備份：`{backup} create`。")
CLAIM_STAYS = Words(
    "Claim {claim} is still there after its pod has ended.", "Pod 已結束，但 PVC {claim} 仍然存在。"
)
CLAIM_UNBOUND = Words(
    "Claim {claim} does not get volume {volume}; the volume is kept.",
    "PVC {claim} 沒有取得磁碟區 {volume}；磁碟區仍保留著。",
)
OTHER_VOLUME = Words(
    "Claim {claim} has another volume by now, {other}. The data are on {volume}, which is kept.",
    "PVC {claim} 現在使用另一個磁碟區 {other}。資料在 {volume}，仍保留著。",
)
OTHER_VOLUME_REMEDY = Words(
    "If nothing on the new one is needed: `kubectl -n {namespace} delete pvc {claim} --wait=false`, then run "
    "this again.",
    "若不需要新磁碟區上的任何資料：執行 `kubectl -n {namespace} delete pvc {claim} --wait=false`，"
    "再重新執行。",
)
NO_DATA_LEFT = Words(
    "No volume has data of claim {claim} any more.", "已沒有任何磁碟區存有 PVC {claim} 的資料。"
)
NO_DATA_LEFT_REMEDY = Words(
    "Let Helm make the claim again (helm upgrade), and restore a backup.",
    "請以 helm upgrade 重新建立 PVC，再還原備份。",
)
SEVERAL_LEFT = Words(
    "Several volumes were left behind by claim {claim}: {volumes}.",
    "PVC {claim} 留下多個磁碟區：{volumes}。",
)
SEVERAL_LEFT_REMEDY = Words(
    "Remove the claimRef of those without the data (kubectl edit pv), and run this again.",
    "請以 kubectl edit pv 移除沒有資料者的 claimRef，再重新執行。",
)
NOT_THE_SAME_SERVER = Words(
    "The database on the rescued volume is not the one that ran before.",
    "救回的磁碟區上的資料庫與先前執行的不同。",
)
NOT_THE_SAME_SERVER_REMEDY = Words(
    "Keep the volume as it is, and look at `kubectl get pv` for another one of this release.",
    "請保持磁碟區原狀，並以 `kubectl get pv` 查看此 release 的其他磁碟區。",
)
