"""What `mcapp up` says, in both languages."""

from __future__ import annotations

from mcapp.messages import Words

# What `--help` says.
PURPOSE = Words(
    "Install or upgrade the release on the cluster: values, Helm, a test, and where the page is.",
    "在叢集上安裝或升級 release：產生 values、執行 Helm、測試，並顯示網頁位址。",
)
FILE = Words(
    "write the values there (default: values-TOPOLOGY.yaml)",
    "values 的寫入位置（預設：values-TOPOLOGY.yaml）",
)
CHART = Words(
    "another chart than the one that comes along, as helm takes it", "改用其他 chart，寫法與 helm 相同"
)
WAIT = Words(
    "until every pod is ready, 1 to 3600 (default: %(default)s)",
    "最多等幾秒讓所有 Pod 就緒，1 到 3600（預設：%(default)s）",
)
NO_TEST = Words("leave out the test by Helm", "略過 Helm 的測試")

# What is being done.
INSTALLING = Words(
    "Installing or upgrading {release} in namespace {namespace}, at most {seconds} s",
    "安裝或升級命名空間 {namespace} 中的 {release}，最多 {seconds} 秒",
)
TESTING = Words(
    "Testing {release}: a row from the page to the database", "測試 {release}：從網頁寫入一筆資料到資料庫"
)
UP = Words(
    "{release} runs in namespace {namespace}, topology {topology}.",
    "{release} 已在命名空間 {namespace} 執行，topology 為 {topology}。",
)
PAGE = Words("The page: {urls}", "網頁：{urls}")
NO_PAGE = Words(
    "Where the page is: `helm get notes {release} -n {namespace}`",
    "網頁位址請見：`helm get notes {release} -n {namespace}`",
)

# What fails.
UNINSTALLING = Words(
    "An earlier uninstall of {release} in namespace {namespace} was cut off.",
    "先前對命名空間 {namespace} 中 {release} 的解除安裝曾被中斷。",
)
UNINSTALLING_REMEDY = Words(
    "End it first; claims and Secrets stay: `helm uninstall {release} -n {namespace}`",
    "請先完成它；PVC 與 Secret 會保留：`helm uninstall {release} -n {namespace}`",
)
DOCTOR = Words("What the doctor finds:", "doctor 的診斷：")
NO_DIAGNOSIS = Words("The doctor cannot look: {why}", "doctor 無法檢查：{why}")
DO_REMEDY = Words(
    "Do what the doctor says above, then run the same command again.",
    "請依上述 doctor 的說明處理，再次執行相同的指令。",
)
BRING_IMAGES = Words(
    "Bring the images to every machine, then run the same command again: `{images} --to user@lab`",
    "請將映像檔放到每台機器，再次執行相同的指令：`{images} --to user@lab`",
)
ASK_DOCTOR = Words(
    "Ask the doctor: `{doctor} -n {namespace} --release {release}`",
    "請以 doctor 診斷：`{doctor} -n {namespace} --release {release}`",
)
