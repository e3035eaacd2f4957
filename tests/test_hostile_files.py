"""Files that ask for other files, or for more memory than they may."""

import io
import re
import struct
import zipfile
import zlib

import numpy as np
import pytest
from xlsa17_files import store, toy_files, write_v7, write_v73

from sklearn_gzsl.benchmark._cli import main
from sklearn_gzsl.benchmark._machine import Cost
from sklearn_gzsl.datasets import load_xlsa17

SECRET = b"the first line of somebody's file"
MEGABYTE = bytes(1 << 20)
files = pytest.fixture(toy_files)


@pytest.fixture
def hdf5(tmp_path, files):
    """An open res101.mat of version 7.3 without features, and the way to load it."""
    h5py = pytest.importorskip("h5py")
    store(tmp_path, *files, write=write_v73)
    (tmp_path / "secret").write_bytes(SECRET * 100)
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["features"] = np.ones((50, 7))
    with h5py.File(tmp_path / "TOY" / "res101.mat", "r+") as file:
        del file["features"]
        yield file


def external(h5py, folder, file):
    place = [(str(folder / "secret"), 0, 350)]
    file.create_dataset("features", shape=(50, 7), dtype="u1", external=place)


def virtual(h5py, folder, file):
    layout = h5py.VirtualLayout(shape=(50, 7), dtype="f8")
    layout[:] = h5py.VirtualSource(folder / "other.h5", "features", shape=(50, 7))
    file.create_virtual_dataset("features", layout)


def linked(h5py, folder, file):
    file["features"] = h5py.ExternalLink(str(folder / "other.h5"), "features")


def linked_on_the_way(h5py, folder, file):
    file["away"] = h5py.ExternalLink(str(folder / "other.h5"), "/")
    file["features"] = h5py.SoftLink("/away/features")


def text(h5py, folder, file):
    file.create_dataset("features", data=[["x" * 1000] * 7] * 50)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (external, "'features' takes its numbers from other files"),
        (virtual, "'features' takes its numbers from other files"),
        (linked, "no variable 'features'"),
        (linked_on_the_way, "no variable 'features'"),
        (text, "'features' cannot be read .it holds object"),
    ],
)
def test_hdf5_reads_its_own_numbers_only(tmp_path, hdf5, make, message):
    import h5py

    make(h5py, tmp_path, hdf5)
    hdf5.close()
    with pytest.raises(ValueError, match=rf"res101\.mat.*{message}"):
        load_xlsa17(tmp_path, "TOY")


def test_cells_of_hdf5_may_not_come_from_elsewhere_or_stand_everywhere(tmp_path, hdf5):
    hdf5["features"] = np.ones((50, 7))
    place = [(str(tmp_path / "secret"), 0, 30)]
    hidden = hdf5.create_dataset("hidden", shape=(30, 1), dtype="u1", external=place)
    hidden.attrs["MATLAB_class"] = np.bytes_("char")
    kept = hdf5["image_files"][0, 3]
    hdf5["image_files"][0, 3] = hidden.ref
    hdf5.flush()
    with pytest.raises(ValueError, match="'hidden' takes its numbers from other files"):
        load_xlsa17(tmp_path, "TOY")
    hdf5["image_files"][0, 3] = kept
    # Two megabytes, fifty times.
    long = hdf5.create_dataset("long", data=np.ones((1 << 20, 1), "u2"))
    long.attrs["MATLAB_class"] = np.bytes_("char")
    hdf5["image_files"][...] = np.full((1, 50), long.ref, dtype=object)
    hdf5.flush()
    with pytest.raises(ValueError, match=r"would take 10,.*max_bytes"):
        load_xlsa17(tmp_path, "TOY", max_bytes=10_000_000)


def sizes_that_lie(file):
    file.create_dataset("features", shape=(50, 2**40), dtype="f4", chunks=(1, 1024))


def zeros(file):
    file.create_dataset(
        "features", shape=(50, 2**19), dtype="u1", chunks=(50, 2**19), compression=1
    )
    file["features"][...] = 0


def chunk_larger_than_the_data(file):
    file.create_dataset(
        "features", (50, 7), "u1", chunks=(2**10, 2**17), maxshape=(None, None)
    )


def chunk_that_unpacks_to_more(file):
    stored = file.create_dataset(
        "features", (50, 7), "f4", chunks=(50, 7), compression=1
    )
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(MEGABYTE) for _ in range(80)) + packer.flush()
    stored.id.write_direct_chunk((0, 0), packed)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (sizes_that_lie, r"'features' would take 219,902,325,555,200 bytes"),
        (zeros, r"'features' would take 104,857,600 bytes.*max_bytes"),
        (chunk_larger_than_the_data, "'features' would take 134,217,728 bytes"),
        (chunk_that_unpacks_to_more, "a part of it unpacks to more than its size"),
    ],
)
def test_hdf5_of_few_bytes_takes_little_memory(tmp_path, hdf5, make, message):
    make(hdf5)
    hdf5.close()
    with Cost() as before:
        pass
    with Cost() as cost, pytest.raises(ValueError, match=message):
        load_xlsa17(tmp_path, "TOY")
    grown = cost.figures["peak_memory_mb"] - before.figures["peak_memory_mb"]
    assert grown < 60


def element(kind, data):
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def bomb(name, kind, shape, n_megabytes):
    """A compressed variable with so many megabytes of zeros in it."""
    n_bytes = n_megabytes << 20
    head = element(6, struct.pack("<II", kind, 0))
    head += element(5, np.array(shape, "<i4").tobytes()) + element(1, name)
    head += struct.pack("<II", 2, n_bytes)
    packer = zlib.compressobj(1)
    packed = packer.compress(struct.pack("<II", 14, len(head) + n_bytes) + head)
    packed += b"".join(packer.compress(MEGABYTE) for _ in range(n_megabytes))
    packed += packer.flush()
    return struct.pack("<II", 15, len(packed)) + packed


@pytest.mark.parametrize(
    ("name", "kind", "shape", "message"),
    [
        (b"features", 6, (2**22, 50), r"'features' would take .*max_bytes"),
        (b"features", 6, (7, 50), "'features' cannot be read .its size does not fit"),
        (b"labels", 6, (50, 1), "'labels' cannot be read .its size does not fit"),
        (b"labels", 4, (1, 40 << 20), r"'labels' would take .*max_bytes"),
        (b"image_files", 4, (1, 50), "'image_files' cannot be read"),
        (b"image_files", 1, (1, 50), "'image_files' cannot be read .a cell is none"),
        (b"n" * 10_000, 6, (7, 50), "a part of it is too long"),
    ],
)
def test_compressed_variables_of_few_bytes_take_little_memory(
    tmp_path, files, name, kind, shape, message
):
    features, splits = files
    features.pop(name.decode(), None)
    store(tmp_path, features, splits, write=write_v7)
    with (tmp_path / "TOY" / "res101.mat").open("ab") as file:
        file.write(bomb(name, kind, shape, 40))
    with Cost() as before:
        pass
    with Cost() as cost, pytest.raises(ValueError, match=message):
        load_xlsa17(tmp_path, "TOY", max_bytes=2**22)
    grown = cost.figures["peak_memory_mb"] - before.figures["peak_memory_mb"]
    assert grown < 20


def test_a_trusted_file_may_have_more(tmp_path, files):
    store(tmp_path, *files, write=write_v7)
    with pytest.raises(ValueError, match=r"att_splits\.mat.*max_bytes"):
        load_xlsa17(tmp_path, "TOY", max_bytes=10)
    with pytest.raises(ValueError, match="max_bytes"):
        load_xlsa17(tmp_path, "TOY", max_bytes=0)
    assert len(load_xlsa17(tmp_path, "TOY", max_bytes=10_000).data) == 50


def npz_with(features):
    """An archive whose features are these bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for key in (
            "labels",
            "att",
            "trainval_loc",
            "test_seen_loc",
            "test_unseen_loc",
        ):
            array = io.BytesIO()
            np.save(array, np.arange(2))
            archive.writestr(f"{key}.npy", array.getvalue())
        archive.writestr("X.npy", features)
    return file.getvalue()


def header(shape):
    file = io.BytesIO()
    said = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, said)
    return file.getvalue()


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (header((10**7, 10**5)), "X cannot be read: it has .* bytes, too few for"),
        (header((70, 2**18)) + 70 * MEGABYTE, "X would take .*store it uncompressed"),
        (b"\x93NUMPY\x01\x00", "X cannot be read"),
    ],
)
def test_archives_of_few_bytes_are_one_line(tmp_path, capsys, features, message):
    path = tmp_path / "data.npz"
    path.write_bytes(npz_with(features))
    assert main(["benchmark", str(path), "--method", "prototypes", "--seeds", "1"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(rf"data\.npz.*{message}", line)
