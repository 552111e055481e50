# Makes a machine inside this one, with systemd as its first process, and takes it away: machine.py
# tells what it is. Runs as root, begun in a mount namespace of its own.
#
# usage: sh machine.sh make|begin|remove STAGE [PYTHON PACKAGES]
set -eu
step=$1 stage=$2

cgroups() {
    # Version 2, which any systemd speaks, whatever is mounted here.
    mount -t cgroup2 cgroup2 "$stage/cgroup"
}

case $step in
make)
    cgroups
    group=$stage/cgroup/tcpchat-$$
    mkdir "$group"
    echo "$group" > "$stage/group"
    echo $$ > "$group/cgroup.procs"
    shift
    exec unshare --cgroup --ipc --net --pid --uts --fork --kill-child --mount-proc \
        sh "$0" begin "$@"
    ;;
remove)
    cgroups
    find "$(cat "$stage/group")" -depth -type d -exec rmdir {} +
    exit
    ;;
esac

python=$3 packages=$4
venv=$stage/opt/tcpchat
mount --bind "$python" "$venv/python"
mount --bind "$packages" "$venv/packages"
mount --rbind "$stage/opt" /opt
for each in python packages; do
    mount -o remount,bind,ro "/opt/tcpchat/$each"
    umount "$venv/$each"
done
mount --bind "$stage/system" /etc/systemd/system

umount --recursive --lazy /sys
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
# What is set there would hold for all.
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys

mount -t tmpfs -o mode=755 tmpfs /dev
mkdir /dev/pts /dev/shm /dev/mqueue
mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts
ln -s pts/ptmx /dev/ptmx
ln -s /proc/self/fd /dev/fd
mknod -m 666 /dev/null c 1 3
mknod -m 666 /dev/zero c 1 5
mknod -m 666 /dev/full c 1 7
mknod -m 666 /dev/random c 1 8
mknod -m 666 /dev/urandom c 1 9
mknod -m 666 /dev/tty c 5 0

for directory in /run /var /tmp; do
    mount -t tmpfs -o mode=755 tmpfs "$directory"
done
mkdir -m 1777 /var/tmp
ln -s /run /var/run
chmod 1777 /tmp
mount -o remount,bind,ro /
# systemd does so itself where it is not in a container: credentials come by way of it.
mount --make-rshared /
exec env -i container=tcpchat PATH="$PATH" SYSTEMD_UNIT_PATH=/etc/systemd/system \
    /lib/systemd/systemd --system --unit=multi-user.target
