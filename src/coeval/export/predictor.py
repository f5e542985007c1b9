"""Predictions from a model folder, through ONNX Runtime: neither torch nor scikit-learn is imported."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from coeval.errors import DataError
from coeval.export.folder import ONNX, check_files, read_manifest
from coeval.export.manifest import Description, description
from coeval.export.model import label_numbers
from coeval.export.session import Session
from coeval.export.unseen import unseen_notes
from coeval.task.table import Column, Kind, Table
from coeval.task.task import Problem

if TYPE_CHECKING:
    import pandas as pd


class Predictor:
    """A model folder, checked and loaded.

    Args:
        folder: The model folder, or the run's folder that holds it as ``model``.

    Attributes:
        description: Columns, problem and classes.
        notes: What is to be known of the rows that were predicted last: how images had to be changed, and which columns hold categories that
            training did not have.

    Raises:
        ExportError: A file is missing, cut short, changed, or of another format.
    """

    description: Description

    def __init__(self, folder: str | Path) -> None:
        path = Path(folder)
        if (path / "model").is_dir():
            path = path / "model"
        manifest = read_manifest(path)
        check_files(path, manifest)
        self.description = description(manifest)
        self.notes: tuple[str, ...] = ()
        self._session = Session((path / ONNX).read_bytes(), self.description)

    def predict(self, data: Any) -> "pd.DataFrame":
        """Predict raw rows, or images.

        Args:
            data: A path to CSV, TSV, Parquet or Feather, or a data frame. Columns are found by name, in
                any order; further ones are ignored. Of images: a folder or file of images, an ``.npz`` or ``.npy``
                file, a table with their paths, or an array ``(rows, height, width, features)``.

        Returns:
            A row for each row of the data: ``prediction`` and, for classes, ``probability_<class>`` for each; of images
            their names first, as ``image``.

        Raises:
            DataError: The data cannot be read, a column is missing, or holds values of another type.
        """
        import pandas as pd  # noqa: PLC0415 - a table can be predicted without it

        if self.description.image is None:
            rows = self.table(data)
            self.notes = unseen_notes(rows, self.description.levels)
            return pd.DataFrame(self._columns(self.predict_table(rows)))
        table, names = self.pictures(data)
        return pd.DataFrame({"image": names, **self._columns(self.predict_table(table))})

    def _columns(self, result: npt.NDArray[np.float64]) -> dict[str, npt.NDArray[Any]]:
        """Return predictions as named columns."""
        if self.description.problem is Problem.REGRESSION:
            return {"prediction": result}
        labels: npt.NDArray[Any] = np.array(self.description.classes, dtype=object)
        if self.description.number:
            labels = label_numbers(self.description.classes)
        columns = {"prediction": labels[result.argmax(axis=1)]}
        for position, label in enumerate(self.description.classes):
            columns[f"probability_{label}"] = result[:, position]
        return columns

    def table(self, data: Any) -> Table:
        """Return a path's or frame's rows as the model's raw columns.

        Raises:
            DataError: The data cannot be read, a column is missing, or holds values of another type.
        """
        if isinstance(data, str | Path):
            from coeval.task.read import read_rows  # noqa: PLC0415 - imports pandas

            return read_rows(data, self.description.schema)
        if type(data).__name__ == "Series":
            raise DataError(
                f"Expected a table, got a {type(data).__module__.split('.')[0]} Series. Pass a frame with the columns of training, such as "
                "series.to_frame() for one column and series.to_frame().T for one row of a pandas frame."
            )
        from coeval.task.frame import raw_frame_to_table  # noqa: PLC0415 - imports pandas

        return raw_frame_to_table(data, self.description.schema)

    def pictures(self, data: Any) -> tuple[Table, tuple[str, ...]]:
        """Return images as the model's raw column, resized where they must be, and their names.

        Raises:
            DataError: The data cannot be read, or the model takes a table.
        """
        from coeval.task.images import read_pictures  # noqa: PLC0415 - a table needs no images

        grid = self.description.image
        if grid is None:
            raise DataError("The model takes a table's rows, not images. Give it a table.")
        (column,) = self.description.schema.columns
        pixels, names, self.notes = read_pictures(data, grid, column.name)
        return Table((Column(column.name, Kind.IMAGE, pixels),), len(pixels)), names

    def predict_table(self, table: Table) -> npt.NDArray[np.float64]:
        """Return probabilities ``(rows, classes)``, or values ``(rows,)`` in the user's units."""
        return self._session.predict(table)
