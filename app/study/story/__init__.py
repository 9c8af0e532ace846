"""Stories: questions in order, with captions and notes, to present, to hand on, to keep."""

from app.study.story._answered import Answered, answered
from app.study.story._demos import demo_story
from app.study.story._kept import KEPT, kept_picture, kept_question
from app.study.story._player import Scene, player, refused_scene, scene_of
from app.study.story._standing import Standing, opened
from app.study.story._story import STORY_FILE, Step, Story, StoryError, caption_from
