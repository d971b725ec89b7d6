#!/bin/sh
# Runs esbuild without the environment of whoever starts it and, with SELVAGE_ESBUILD_WALL=bubblewrap, without any file but itself, network and
# other processes. SELVAGE_ESBUILD is its path.
case $SELVAGE_ESBUILD_WALL in
  bubblewrap)
    exec bwrap --unshare-all --unshare-user --uid 65534 --gid 65534 --cap-drop ALL --new-session --die-with-parent --clearenv \
      --ro-bind "$SELVAGE_ESBUILD" /esbuild --remount-ro / --chdir / -- /esbuild "$@"
    ;;
  *) exec env -i "$SELVAGE_ESBUILD" "$@" ;;
esac
