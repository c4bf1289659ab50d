//! A log that cannot be written; and only in the long form, which wants to be root, a disk that is full, and one that
//! does not answer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use sync_server::cluster::Cluster;
use tokio::time::Instant;

use crate::books::Books;
use crate::crew::Crew;
use crate::load::server::Server;
use crate::load::shop::Shop;
use crate::{Ground, Stopped, complaints, is_long};

/// Room for a new cluster and little more.
const DISK: &str = "size=512m";

/// A small disk of its own, in memory.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None`: it may not be mounted here.
    fn mount(folder: &Path) -> Option<Self> {
        fs::create_dir_all(folder).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", DISK, "tmpfs"])
            .arg(folder)
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then(|| Self(folder.to_owned()))
    }

    /// Leaves nothing free.
    fn fill(&self) -> u64 {
        use std::io::Write;
        let mut filler = fs::File::create(self.0.join("filler")).unwrap();
        let mut written = 0;
        for size in [1 << 20, 4 << 10] {
            let block = vec![1; size];
            while filler.write_all(&block).is_ok() {
                written += size as u64;
            }
        }
        written
    }

    fn make_room(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_loses_nothing() {
    if !is_long() {
        return;
    }
    let ground = Ground::new("full-disk");
    let Some(disk) = SmallDisk::mount(&ground.data) else {
        println!("\na full disk: nothing can be mounted here, so it was not tried");
        return;
    };
    // Others may pass, as through a data folder.
    fs::set_permissions(
        &ground.data,
        std::os::unix::fs::PermissionsExt::from_mode(0o711),
    )
    .unwrap();
    let size = 16;
    let server = Server::start(&ground.plan()).await.unwrap();
    let token = server.setup_token.clone().unwrap();
    let mut shop = Shop::found(server.address, &token).await.unwrap();
    let crew = Crew::hire(&mut shop, size, 2_000).await.unwrap();
    shop.office.hang_up().await.unwrap();
    let books = Books::new(Cluster::of_running_server(&ground.data).unwrap());
    let mut stalls = Vec::new();
    for _ in 0..5 {
        crew.go_on(size as usize * 3).await.unwrap();
        disk.fill();
        let full_since = Instant::now();
        // Until nothing was acknowledged for three seconds.
        let mut before = crew.acknowledged();
        loop {
            tokio::time::sleep(Duration::from_secs(3)).await;
            let now = crew.acknowledged();
            if now == before {
                break;
            }
            assert!(
                full_since.elapsed() < Duration::from_secs(60),
                "there is no room, and sales are acknowledged"
            );
            before = now;
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(crew.acknowledged(), before, "the disk was not full");
        disk.make_room();
        let room_since = Instant::now();
        crew.go_on(1).await.unwrap();
        stalls.push(room_since.elapsed());
        let acknowledged = crew.ledger().acknowledged.clone();
        books.hold(&acknowledged).await.unwrap();
    }
    let (phones, ledger) = crew.come_home().await.unwrap();
    books.agree(&mut shop, &phones, &ledger).await.unwrap();
    assert_eq!(complaints(&ground.data), Vec::<String>::new());
    server.stop().await.unwrap();
    let longest = stalls.iter().max().unwrap();
    println!(
        "\nthe disk full {} times (a tmpfs) under a load of {size} devices: {} sales, none lost; \
         with room again, the first answer came within {:.1} s, and the server was not restarted",
        stalls.len(),
        ledger.made.len(),
        longest.as_secs_f64(),
    );
    drop(disk);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_does_not_answer_loses_nothing() {
    if !is_long() {
        return;
    }
    let ground = Ground::new("slow-disk");
    let size = 16;
    let server = Server::start(&ground.plan()).await.unwrap();
    let token = server.setup_token.clone().unwrap();
    let mut shop = Shop::found(server.address, &token).await.unwrap();
    let crew = Crew::hire(&mut shop, size, 2_000).await.unwrap();
    shop.office.hang_up().await.unwrap();
    let books = Books::new(Cluster::of_running_server(&ground.data).unwrap());
    let pauses = [1, 3, 8, 20];
    for seconds in pauses {
        crew.go_on(size as usize * 3).await.unwrap();
        let postgres = ground.postgres();
        let pids = postgres.children().iter().map(|child| child.pid).collect();
        let stopped = Stopped::new(pids);
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        drop(stopped);
        crew.go_on(1).await.unwrap();
        let acknowledged = crew.ledger().acknowledged.clone();
        books.hold(&acknowledged).await.unwrap();
    }
    let (phones, ledger) = crew.come_home().await.unwrap();
    books.agree(&mut shop, &phones, &ledger).await.unwrap();
    assert_eq!(complaints(&ground.data), Vec::<String>::new());
    server.stop().await.unwrap();
    println!(
        "\nPostgreSQL stopped (SIGSTOP of all that writes) for {pauses:?} s under a load of {size} devices: {} sales, \
         none lost, none doubled",
        ledger.made.len(),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_cannot_be_written_stops_nothing() {
    let ground = Ground::new("no-log");
    let mut plan = ground.plan();
    plan.log = Some("/dev/full".into());
    let mut server = Server::start(&plan).await.unwrap();
    let token = server.setup_token.clone().unwrap();
    let mut shop = Shop::found(server.address, &token).await.unwrap();
    let crew = Crew::hire(&mut shop, 2, 200).await.unwrap();
    shop.office.hang_up().await.unwrap();
    crew.go_on(4).await.unwrap();
    // About which there is much to say; and it has to be started again.
    ground.postgres().kill_all().unwrap();
    crew.go_on(4).await.unwrap();
    let books = Books::new(Cluster::of_running_server(&ground.data).unwrap());
    let (phones, ledger) = crew.come_home().await.unwrap();
    books.agree(&mut shop, &phones, &ledger).await.unwrap();
    assert!(!server.has_ended());
    server.stop().await.unwrap();
}
