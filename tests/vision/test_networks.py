"""Classifiers and importance maps made by networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image

from edgevision.codecs.spat_imco.spat_imco_codec import SpatImco
from edgevision.codecs.spat_imco.theta import Theta
from edgevision.data.class_labels import class_indices
from edgevision.data.images import ImageFolder
from edgevision.errors import DataSetError, UnknownNameError, WeightsUnavailableError
from edgevision.measure.content_features import content_features
from edgevision.vision import grad_cam
from edgevision.vision.classifiers import Classifier, load_classifier
from edgevision.vision.grad_cam import ClassActivation, GradCam, ImportanceMap, resize_map
from tests.codecs.pictures import picture


@pytest.mark.parametrize("name", ["tf_efficientnet_lite0", "tf_efficientnet_lite1", "tf_efficientnet_lite2"])
def test_shipped_classifiers_recognise_pictures(name: str, labelled_folder: Path) -> None:
    classifier = load_classifier(name)
    folder = ImageFolder(labelled_folder, labelled_folder / "labels.csv")
    images = [classifier.crop(folder.load(item)) for item in folder.items]
    assert {image.shape for image in images} == {(classifier.input_size,) * 2 + (3,)}
    logits = classifier.predict_logits(np.stack(images))
    assert logits.shape == (10, 1000)
    truth = np.array([int(item.label) for item in folder.items])
    assert (logits.argmax(axis=1) == truth).sum() >= 7


def test_heads_of_imagenet_know_their_classes_names(lite0: Classifier) -> None:
    assert lite0.classes == 1000
    names = lite0.class_names
    assert names is not None and len(names) == 1000
    assert names[0] == ("n01440764", "tench", "Tinca tinca")
    assert len({synset for synset, *_ in names}) == 1000
    assert class_indices(["Great_White-Shark", "n02123045", "281"], lite0.classes, names) == [2, 281, 281]
    with pytest.raises(DataSetError, match=r"'crane' means several classes; .* 134 \(n02012849, crane\) or 517"):
        class_indices(["crane"], lite0.classes, names)


def test_other_heads_know_numbers_only() -> None:
    classifier = Classifier("test", timm.create_model("test_vit", num_classes=3))
    assert (classifier.classes, classifier.class_names) == (3, None)


@pytest.mark.parametrize("mode", ["center", "squash", "border"])
@pytest.mark.parametrize("shape", [(300, 411), (411, 300), (96, 96), (60, 500), (97, 97)])
@pytest.mark.parametrize("share", [0.875, 1.0])
def test_networks_are_shown_what_timm_shows_them(mode: str, shape: tuple[int, int], share: float) -> None:
    from PIL import Image

    model = timm.create_model("test_vit", num_classes=3)
    model.pretrained_cfg = {**model.pretrained_cfg, "input_size": (3, 96, 96), "crop_mode": mode, "crop_pct": share}
    image = picture(*shape)
    config = timm.data.resolve_data_config({}, model=model)
    assert config["crop_mode"] == mode
    expected = timm.data.create_transform(**config)(Image.fromarray(image))
    classifier = Classifier("test", model)
    cropped = classifier.crop(image)
    assert cropped.shape == (96, 96, 3)
    np.testing.assert_allclose(classifier.tensor(cropped[None])[0].numpy(), expected.numpy(), atol=1e-6)


def test_pictures_that_were_not_cropped_are_refused(lite0: Classifier) -> None:
    with pytest.raises(ValueError, match="crops of 224 x 224"):
        lite0.predict_logits(picture(300, 411)[None])


def test_answers_do_not_depend_on_how_often_they_are_asked(lite0: Classifier) -> None:
    image = picture(224, 224)[None]
    np.testing.assert_array_equal(lite0.predict_logits(image), lite0.predict_logits(image))


def test_unknown_classifier_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="tf_efficientnet_lite0"):
        load_classifier("tf_efficientnet_lite00")


def test_weights_that_cannot_be_fetched_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> torch.nn.Module:
        raise OSError("no route to host")

    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(WeightsUnavailableError, match=r"^weights of 'resnet18' cannot be fetched[^\n]*$"):
        load_classifier("resnet18")


def test_grad_cam_equals_its_definition(lite0: Classifier) -> None:
    image = picture(224, 224)
    features = lite0.model.forward_features(lite0.tensor(image[None])).detach().requires_grad_()
    logits = lite0.model.forward_head(features)
    (gradient,) = torch.autograd.grad(logits[0].max(), features)
    expected = (gradient.mean((2, 3))[0, :, None, None] * features[0]).sum(0).relu().detach().numpy()
    made = GradCam(lite0)(image).weights
    coarse = made.reshape(7, 32, 7, 32)[:, 15:17, :, 15:17].mean(axis=(1, 3))
    # Next to the centres, interpolation mixes in a sixty-fourth of each neighbour.
    np.testing.assert_allclose(coarse, expected, atol=0.03 * expected.max())


def test_grad_cam_of_a_given_class_differs_from_the_predicted_one(lite0: Classifier) -> None:
    image = picture(224, 224)
    predicted = int(lite0.predict_logits(image[None]).argmax())
    np.testing.assert_allclose(GradCam(lite0)(image).weights, GradCam(lite0, predicted)(image).weights)
    other = GradCam(lite0, (predicted + 500) % 1000)(image).weights
    assert not np.allclose(GradCam(lite0)(image).weights, other)


def test_grad_cam_needs_no_gradients_of_its_caller(lite0: Classifier) -> None:
    image = picture(64, 80)
    with torch.inference_mode():
        made = GradCam(lite0)(image).weights
    np.testing.assert_array_equal(made, GradCam(lite0)(image).weights)


def test_class_activation_of_one_class_is_grad_cam_before_its_relu(lite0: Classifier) -> None:
    image = picture(224, 224)
    activation = ClassActivation(lite0, classes=1)(image).weights
    cam = GradCam(lite0)(image).weights
    centres = np.s_[16::32, 16::32]  # where interpolation leaves the coarse map's values nearly alone
    positive = cam[centres] > 0.2 * cam.max()
    ratio = activation[centres][positive] / cam[centres][positive]
    assert positive.any()
    np.testing.assert_allclose(ratio, np.median(ratio), rtol=0.05)


@pytest.mark.parametrize("maker", [GradCam, ClassActivation])
def test_maps_cover_pictures_of_any_shape(lite0: Classifier, maker: type[GradCam | ClassActivation]) -> None:
    made = maker(lite0)
    importance = made(picture(90, 130))
    assert isinstance(made, ImportanceMap)
    assert importance.weights.shape == (90, 130)
    assert np.isfinite(importance.weights).all()
    assert importance.probabilities is not None
    assert importance.probabilities.sum() == pytest.approx(1)


@pytest.mark.parametrize("shape", [(224, 224, 3), (1, 1), (90, 131), (300, 5)])
def test_map_is_resized_as_pillow_resizes_it(shape: tuple[int, ...]) -> None:
    cam = np.random.default_rng(0).random((14, 7)).astype(np.float32)
    expected = Image.fromarray(cam).resize((shape[1], shape[0]), Image.Resampling.BILINEAR)
    np.testing.assert_allclose(resize_map(cam, shape), np.asarray(expected), atol=1e-6)


def test_large_map_needs_no_matrix_of_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    ramp = np.linspace(0, 1, 2**20)[None]  # such a matrix would take 4 TiB
    expected = [5 / 42, 0.3, 0.5, 0.7, 37 / 42]  # the triangles of the filter are cut at both ends
    np.testing.assert_allclose(resize_map(ramp, (3, 5)), np.tile(expected, (3, 1)), atol=1e-5)
    cam = np.random.default_rng(1).random((40, 9))
    by_matrix = resize_map(cam, (31, 60))
    monkeypatch.setattr(grad_cam, "_MOST", 8)
    np.testing.assert_allclose(resize_map(cam, (31, 60)), by_matrix, atol=1e-6)


def test_default_codec_uses_theta() -> None:
    codec = SpatImco()
    image = picture(64, 64)
    np.testing.assert_array_equal(codec.analyse(image).weights, Theta.load()(image).weights)
    assert codec.settings["importance"] == "theta"
    assert codec.decode(codec.encode(image[..., 0], level=2.0)).shape == (64, 64, 3)


def test_features_follow_what_they_name(lite0: Classifier) -> None:
    image = picture(64, 64)
    flat = np.full_like(image, 90)
    importance = ClassActivation(lite0)(image)
    lively, dull = content_features(image, importance, 900), content_features(flat, None, 300)
    assert lively["log_gradient"] > dull["log_gradient"] == 0
    assert lively["colourfulness"] > dull["colourfulness"] == pytest.approx(0)
    assert dull["luminance_mean"] == pytest.approx(90)
    assert set(lively) - set(dull) == {
        "importance_entropy",
        "importance_top_tenth",
        "network_confidence",
        "network_entropy",
    }
    assert importance.probabilities is not None
    assert lively["network_confidence"] == importance.probabilities.max()
