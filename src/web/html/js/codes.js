/**
 * What the page says of each code of the api: in each language the reason, and what a reader can do.
 * @typedef {Record<"en" | "zh-TW", [reason: string, advice: string]>} Said
 */

const DOCTOR = { en: "`mcapp doctor` says", "zh-TW": "`mcapp doctor` 會說明" };

/** Why api does not reach db. @type {Record<string, Said>} */
const unreached = {
  dns: {
    en: ["its host name is not known", `The cluster's DNS, or the address in the values, is wrong; ${DOCTOR.en} which.`],
    "zh-TW": ["找不到主機名稱", `叢集的 DNS 或設定值中的位址有誤；${DOCTOR["zh-TW"]}是哪一個。`],
  },
  refused: {
    en: ["connection refused", `PostgreSQL does not run, or starts. If it takes longer than a minute, ${DOCTOR.en} why.`],
    "zh-TW": ["連線遭拒", `PostgreSQL 沒有執行或正在啟動。若超過一分鐘，${DOCTOR["zh-TW"]}原因。`],
  },
  unreachable: {
    en: ["the network does not lead to it", `A node is off, or the network between two nodes is broken; ${DOCTOR.en} which.`],
    "zh-TW": ["網路無法到達", `有節點關機，或節點之間的網路中斷；${DOCTOR["zh-TW"]}是哪一個。`],
  },
  timeout: {
    en: ["no answer in time", `PostgreSQL hangs or is overloaded, or a firewall drops what is sent to it; ${DOCTOR.en} which.`],
    "zh-TW": ["連線逾時", `PostgreSQL 停住或負載過高，或防火牆擋下連線；${DOCTOR["zh-TW"]}是哪一種。`],
  },
  lost: {
    en: ["the connection broke", "This passes by itself within seconds."],
    "zh-TW": ["連線中斷", "數秒內會自動恢復。"],
  },
  tls: {
    en: ["no TLS connection is possible", "The person who runs the database must correct its certificate, or the CA in the values."],
    "zh-TW": ["TLS 連線失敗", "請資料庫的管理者修正憑證，或修正設定值中的 CA。"],
  },
  starting: {
    en: ["the database is starting", "Wait: it answers by itself when it is ready."],
    "zh-TW": ["資料庫正在啟動", "請稍候，就緒後會自動恢復。"],
  },
  stopping: {
    en: ["the database is shutting down", "Wait: Kubernetes starts it again."],
    "zh-TW": ["資料庫正在關閉", "請稍候，Kubernetes 會重新啟動它。"],
  },
  busy: {
    en: ["too many requests at once", "Wait a moment. If it stays so, raise api.replicas or api.poolSize."],
    "zh-TW": ["同時的請求太多", "請稍候；若持續發生，請提高 api.replicas 或 api.poolSize。"],
  },
  other: {
    en: ["the reason is in the api's log", `Read it by \`kubectl logs deployment/api\`; ${DOCTOR.en} more.`],
    "zh-TW": ["原因請看 api 的記錄檔", `請以 \`kubectl logs deployment/api\` 查看；${DOCTOR["zh-TW"]}詳情。`],
  },
};

/** Why db answers, but does not do what it is asked. @type {Record<string, Said>} */
const refused = {
  password: {
    en: ["wrong password", `The Secret and the database hold different passwords; ${DOCTOR.en} how to make them equal.`],
    "zh-TW": ["密碼錯誤", `Secret 與資料庫中的密碼不同；${DOCTOR["zh-TW"]}如何修正。`],
  },
  forbidden: {
    en: ["it does not admit this user from this address", "The person who runs the database must allow it in pg_hba.conf."],
    "zh-TW": ["不允許這個使用者從此位址連線", "請資料庫的管理者在 pg_hba.conf 中允許。"],
  },
  "login-disabled": {
    en: ["logins are switched off", "Somebody has closed the role or the database; ALTER ROLE app LOGIN opens the role again."],
    "zh-TW": ["登入已被停用", "有人關閉了角色或資料庫的登入；ALTER ROLE app LOGIN 可重新開放角色。"],
  },
  "connection-limit": {
    en: ["all its connections are taken", "Close other programs that use the database, or raise its limit; fewer api replicas need fewer."],
    "zh-TW": ["連線數已滿", "請關閉其他使用資料庫的程式，或提高連線上限；減少 api 副本數也可以。"],
  },
  missing: {
    en: ["the database does not exist", `Its name in the values differs from that of the first start; ${DOCTOR.en} more.`],
    "zh-TW": ["資料庫不存在", `設定值中的名稱與第一次啟動時不同；${DOCTOR["zh-TW"]}詳情。`],
  },
  "database-locked": {
    en: ["somebody has locked the tasks", `Another program, often an open psql, holds a lock: end its transaction. ${DOCTOR.en} who it is.`],
    "zh-TW": ["待辦事項被鎖定", `另一個程式（常是開著的 psql）持有鎖，請結束它的交易；${DOCTOR["zh-TW"]}是誰。`],
  },
  "table-missing": {
    en: ["the table of the tasks is missing", "Somebody has renamed or deleted it: rename it back, or restore a backup by `mcapp backup restore`."],
    "zh-TW": ["存放待辦事項的資料表不見了", "有人將它改名或刪除：請改回原名，或以 `mcapp backup restore` 還原備份。"],
  },
  "permission-denied": {
    en: ["the api may not do this", "Somebody has taken a right from its role; GRANT gives the right back."],
    "zh-TW": ["權限不足", "有人移除了 api 所用角色的權限；請以 GRANT 恢復。"],
  },
  "read-only": {
    en: ["it takes no writes now", "Reading goes on. It is being moved, or somebody has set it to read-only."],
    "zh-TW": ["資料庫目前唯讀", "仍可讀取。資料庫正在搬移，或有人將它設為唯讀。"],
  },
  schema: {
    en: ["its tables are not as this app made them", `Somebody has changed them, or they are of another version; ${DOCTOR.en} which.`],
    "zh-TW": ["資料表與此應用程式建立的不符", `有人更改了資料表，或版本不同；${DOCTOR["zh-TW"]}是哪一種。`],
  },
  migrating: {
    en: ["its tables are being brought up to date", "Wait: another api does it now."],
    "zh-TW": ["另一個 api 正在更新資料庫結構", "請稍候，完成後會自動恢復。"],
  },
  disk: {
    en: ["its disk is full", "Free space on that node's disk; the database then goes on by itself."],
    "zh-TW": ["磁碟空間已滿", "請在該節點的磁碟釋放空間，資料庫會自動恢復。"],
  },
  "out-of-memory": {
    en: ["it has no memory left", "Raise db.resources.limits.memory, or close other programs that use the database."],
    "zh-TW": ["資料庫的記憶體不足", "請提高 db.resources.limits.memory，或關閉其他使用資料庫的程式。"],
  },
  "data-damaged": {
    en: ["it cannot read a part of its files", "The disk may be failing. Make a backup at once by `mcapp backup create`."],
    "zh-TW": ["資料庫無法讀取部分檔案", "磁碟可能即將故障，請立即以 `mcapp backup create` 備份。"],
  },
};

/** The problems that the api itself has with a request. @type {Record<string, Said>} */
export const problems = {
  "invalid-input": {
    en: ["a title has 1 to 200 characters, none of them a control character", ""],
    "zh-TW": ["標題須為 1 到 200 個字元，且不含控制字元", ""],
  },
  "key-reused": {
    en: ["this request was sent before with other content", "Type the task again."],
    "zh-TW": ["這個請求先前已用於其他內容", "請重新輸入。"],
  },
  "cross-origin": {
    en: ["the api takes this for a page of another site", "A proxy in between must pass the header Host on as the browser sends it."],
    "zh-TW": ["api 認為這來自其他網站的頁面", "中間的代理伺服器必須原樣轉送瀏覽器的 Host 標頭。"],
  },
  "internal-error": {
    en: ["a fault of the api itself", "Its log has more: `kubectl logs deployment/api`. Please report it."],
    "zh-TW": ["api 內部發生錯誤", "詳情在它的記錄檔：`kubectl logs deployment/api`。請回報這個錯誤。"],
  },
  "schema-mismatch": refused.schema,
  draining: {
    en: ["this api pod is shutting down", "Wait: another one answers."],
    "zh-TW": ["這個 api Pod 正在關閉", "請稍候，另一個 Pod 會回應。"],
  },
};

/** @type {Record<string, Said>} */
export const codes = { ...unreached, ...refused };

/** Whether db answers, and refuses. @param {string | undefined} code */
export const refuses = (code) => code in refused;
